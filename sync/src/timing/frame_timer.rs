//! When a frame was exposed and by which pulse, from all that is said of it.

use frame::{ClockId, HostTime, TriggerIndex};

use super::clock_model::{ClockConfig, ClockModel, Observation};
use super::interval::Intervals;
use super::pulse_train::PulseTrain;
use super::round_trip_clock::{RoundTripClock, RoundTripConfig};
use super::trigger_counter::{TriggerCounter, TriggerCounterConfig};
use super::wrap::unwrap_near;

/// A camera's own clock, as its driver knows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeviceClock {
    /// Nominal length of a tick.
    pub tick_ns: f64,
    /// Bits of the time stamp; 64 when it does not wrap.
    pub tick_bits: u32,
    /// The shortest delay from the start of exposure to arrival, and how far it may be off: see [`ClockConfig`]. Counts
    /// only where neither the driver nor a latch tells the host's time.
    pub least_delay_ns: i64,
    pub least_delay_uncertainty_ns: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrameTimerConfig {
    /// None for cameras without one.
    pub clock: Option<DeviceClock>,
    /// Bits of the camera's frame counter; 64 when it does not wrap.
    pub counter_bits: u32,
    /// The clock of arrivals and of host times.
    pub host: ClockId,
}

/// What came with a frame that says when it was exposed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrameStamp {
    /// The device's clock at the start of exposure.
    pub ticks: Option<u64>,
    /// The start of exposure, where the driver vouches for it: stamps of the kernel, PTP.
    pub host: Option<HostTime>,
    /// The camera's frame counter.
    pub counter: Option<u64>,
    pub arrival_ns: i64,
}

/// When a frame was exposed, and by which pulse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedFrame {
    pub exposure: HostTime,
    pub trigger: TriggerIndex,
    /// The device's clock, unwrapped. It begins anew with the device.
    pub device_ns: Option<i64>,
    pub event: Option<TimingEvent>,
}

/// Something that a person should hear of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimingEvent {
    /// Time and frame counter contradict each other. Indices stay unresolved until both are known anew.
    Disagreement,
    /// The device's clock started anew.
    DeviceRestarted,
    /// The device's clock, or the host's, jumped.
    ClockJumped,
}

/// How the timing of a camera went so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TimingStatistics {
    pub frames: u64,
    /// Frames whose pulse could not be told.
    pub unresolved: u64,
    pub disagreements: u64,
    pub restarts: u64,
    pub jumps: u64,
    /// From one exposure to the next, frames that are known to be missing taken into account; on the device's clock
    /// where there is one. Zero before two frames.
    pub interval_mean_ns: f64,
    /// Standard deviation of the intervals.
    pub interval_spread_ns: f64,
}

/// While nothing better is known, a frame was exposed at its arrival, give or take this.
const UNKNOWN_DELAY_NS: u32 = 250_000_000;
/// No frame arrives this long before its exposure, or this long after: a clock that says so is wrong.
const EARLIEST_NS: i64 = 20_000_000;
const LATEST_NS: i64 = 10_000_000_000;

/// Times the frames of one camera and gives them the numbers of their pulses.
///
/// The best that is known is taken: a host time that the driver vouches for, else the camera's clock as its latches tie
/// it to the host's, else as the lower envelope of its arrivals does, else the arrival itself. A disagreement, a restart
/// or a jump puts everything in doubt, so all is learned anew from there, which takes less than a second at 25 Hz.
pub struct FrameTimer {
    host: ClockId,
    arrivals: Option<ClockModel>,
    latches: Option<RoundTripClock>,
    counter: TriggerCounter,
    counter_bits: u32,
    /// Device time and counter of the frame before.
    last: Option<(i64, u64)>,
    intervals: Intervals,
    statistics: TimingStatistics,
}

impl FrameTimer {
    pub fn new(config: FrameTimerConfig) -> Self {
        let arrivals = config.clock.map(|clock| {
            ClockModel::new(ClockConfig {
                least_delay_ns: clock.least_delay_ns,
                least_delay_uncertainty_ns: clock.least_delay_uncertainty_ns,
                clock: config.host,
                ..ClockConfig::new(clock.tick_ns, clock.tick_bits)
            })
        });
        let latches = config.clock.map(|clock| {
            RoundTripClock::new(RoundTripConfig {
                clock: config.host,
                ..RoundTripConfig::new(clock.tick_ns, clock.tick_bits)
            })
        });
        Self {
            host: config.host,
            arrivals,
            latches,
            counter: TriggerCounter::new(TriggerCounterConfig::new(config.counter_bits)),
            counter_bits: config.counter_bits,
            last: None,
            intervals: Intervals::default(),
            statistics: TimingStatistics::default(),
        }
    }

    /// Learns from a latch of the camera's clock: host times before it was asked for and after it was read. Cameras
    /// without a clock have none.
    pub fn latch(&mut self, before_ns: i64, ticks: u64, after_ns: i64) {
        if let Some(latches) = &mut self.latches {
            latches.observe(before_ns, ticks, after_ns);
        }
    }

    /// Times a frame; `pulses` are the trigger pulses as they are known now, if any are.
    pub fn time(&mut self, stamp: FrameStamp, pulses: Option<&PulseTrain>) -> TimedFrame {
        let mut event = self.observe(&stamp);
        if let Some(pulses) = pulses
            && self.counted_anew(&stamp, pulses.period_ns)
            && event.is_none()
        {
            self.doubt();
            self.observe(&stamp);
            event = Some(TimingEvent::DeviceRestarted);
        }
        let exposure = self.exposure(&stamp);
        let mut trigger = TriggerIndex::Unresolved;
        if let Some(pulses) = pulses {
            let resolution = self.counter.resolve(pulses, exposure, stamp.counter);
            trigger = resolution.index;
            if resolution.disagreement {
                event = event.or(Some(TimingEvent::Disagreement));
                self.doubt();
            }
        }
        let device_ns = self.device_ns(&stamp);
        self.account(&stamp, exposure, device_ns, trigger, event);
        TimedFrame { exposure, trigger, device_ns, event }
    }

    /// The pulses began anew, and are counted from 0 again: what the counter was tied to is over.
    pub fn pulses_restarted(&mut self) {
        self.counter.reset();
    }

    pub fn statistics(&self) -> TimingStatistics {
        let (interval_mean_ns, interval_spread_ns) = self.intervals.mean_and_spread();
        TimingStatistics { interval_mean_ns, interval_spread_ns, ..self.statistics }
    }

    fn observe(&mut self, stamp: &FrameStamp) -> Option<TimingEvent> {
        let model = self.arrivals.as_mut()?;
        let event = match model.observe(stamp.ticks?, stamp.arrival_ns) {
            Observation::Consistent => return None,
            Observation::Restarted => TimingEvent::DeviceRestarted,
            Observation::Jumped => TimingEvent::ClockJumped,
        };
        if let Some(latches) = &mut self.latches {
            latches.reset();
        }
        self.counter.reset();
        self.intervals.interrupt();
        Some(event)
    }

    fn device_ns(&self, stamp: &FrameStamp) -> Option<i64> {
        self.arrivals.as_ref()?.device_ns(stamp.ticks?, stamp.arrival_ns)
    }

    /// Whether the counter went on by more than one frame beside what the device's clock did. A device that starts anew
    /// soon after a start may show a time like the one before, which would pass for a delay.
    fn counted_anew(&mut self, stamp: &FrameStamp, period_ns: f64) -> bool {
        let now = self.device_ns(stamp).zip(stamp.counter);
        let last = std::mem::replace(&mut self.last, now);
        let (Some((now_ns, shown)), Some((last_ns, last_shown))) = (now, last) else { return false };
        let steps = (now_ns - last_ns) as f64 / period_ns;
        let last_shown = i128::from(last_shown);
        let counted = unwrap_near(shown, self.counter_bits, last_shown + steps.round() as i128) - last_shown;
        // A long pause leaves room for the device's drift.
        (counted as f64 - steps).abs() > 1.5 + 1e-3 * steps.abs()
    }

    fn exposure(&self, stamp: &FrameStamp) -> HostTime {
        stamp.host.or_else(|| self.by_device(stamp)).unwrap_or(HostTime {
            ns: stamp.arrival_ns,
            uncertainty_ns: UNKNOWN_DELAY_NS,
            clock: self.host,
        })
    }

    /// What the device's clock says, as long as the arrival can be true.
    fn by_device(&self, stamp: &FrameStamp) -> Option<HostTime> {
        let (ticks, arrival_ns) = (stamp.ticks?, stamp.arrival_ns);
        let plausible = |time: &HostTime| {
            let uncertainty_ns = i64::from(time.uncertainty_ns);
            let earliest_ns = time.ns - uncertainty_ns - EARLIEST_NS;
            (earliest_ns..time.ns + uncertainty_ns + LATEST_NS).contains(&arrival_ns)
        };
        let by_latch = || self.latches.as_ref()?.map(ticks, arrival_ns).filter(plausible);
        let by_arrivals = || self.arrivals.as_ref()?.map(ticks, arrival_ns).filter(plausible);
        by_latch().or_else(by_arrivals)
    }

    /// Either the counter or the clock is wrong, and nothing says which.
    fn doubt(&mut self) {
        if let Some(arrivals) = &mut self.arrivals {
            arrivals.reset();
        }
        if let Some(latches) = &mut self.latches {
            latches.reset();
        }
        self.counter.reset();
        self.intervals.interrupt();
    }

    fn account(
        &mut self,
        stamp: &FrameStamp,
        exposure: HostTime,
        device_ns: Option<i64>,
        trigger: TriggerIndex,
        event: Option<TimingEvent>,
    ) {
        self.intervals.add(device_ns.unwrap_or(exposure.ns), stamp.counter, self.counter_bits);
        let statistics = &mut self.statistics;
        statistics.frames += 1;
        statistics.unresolved += u64::from(trigger == TriggerIndex::Unresolved);
        match event {
            Some(TimingEvent::Disagreement) => statistics.disagreements += 1,
            Some(TimingEvent::DeviceRestarted) => statistics.restarts += 1,
            Some(TimingEvent::ClockJumped) => statistics.jumps += 1,
            None => {}
        }
    }
}
