//! When a frame was exposed and by which pulse, from its timestamps and counter.

use frame::{ClockId, HostTime, TriggerIndex};

use super::clock_model::{ClockConfig, ClockModel, Observation};
use super::interval::Intervals;
use super::pulse_train::PulseTrain;
use super::round_trip_clock::{RoundTripClock, RoundTripConfig};
use super::trigger_counter::{TriggerCounter, TriggerCounterConfig};
use super::wrap::unwrap_near;

/// A camera's own clock, as described by its driver.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeviceClock {
    /// Nominal length of a tick, in ns.
    pub tick_ns: f64,
    /// Bits of the timestamp; 64 when it does not wrap.
    pub tick_bits: u32,
    /// The shortest delay from the start of exposure to arrival, in ns: see [`ClockConfig`]. Used only where neither
    /// the driver nor a latch gives the host time.
    pub least_delay_ns: i64,
    /// How far `least_delay_ns` may be off, in ns.
    pub least_delay_uncertainty_ns: u32,
}

/// The clock and counter of a camera.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrameTimerConfig {
    /// The camera's own clock; `None` for cameras without one.
    pub clock: Option<DeviceClock>,
    /// Bits of the camera's frame counter; 64 when it does not wrap.
    pub counter_bits: u32,
    /// The clock of arrivals and of host times.
    pub host: ClockId,
}

/// The timing information that came with a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrameStamp {
    /// The device's clock at the start of exposure, in ticks as shown.
    pub ticks: Option<u64>,
    /// The start of exposure in host time, where the driver knows it reliably: kernel timestamps, PTP.
    pub host: Option<HostTime>,
    /// The camera's frame counter, as shown.
    pub counter: Option<u64>,
    /// When the frame arrived, in ns on the host's clock.
    pub arrival_ns: i64,
}

/// When a frame was exposed, and by which pulse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedFrame {
    /// The start of exposure on the host's clock.
    pub exposure: HostTime,
    /// The pulse that exposed it; unresolved while no pulses are known.
    pub trigger: TriggerIndex,
    /// The device's clock in ns, unwrapped; `None` for cameras without one. It starts over when the device restarts.
    pub device_ns: Option<i64>,
    /// A fault that this frame revealed.
    pub event: Option<TimingEvent>,
}

/// A fault in a camera's timing that a person should be told about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimingEvent {
    /// Time and frame counter contradict each other. Pulses stay unresolved until the timing is learned again.
    Disagreement,
    /// The device's clock restarted.
    DeviceRestarted,
    /// The device's clock, or the host's, jumped.
    ClockJumped,
}

/// The timing of a camera so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TimingStatistics {
    /// Frames timed.
    pub frames: u64,
    /// Frames whose pulse could not be determined.
    pub unresolved: u64,
    /// Frames with [`TimingEvent::Disagreement`].
    pub disagreements: u64,
    /// Frames with [`TimingEvent::DeviceRestarted`].
    pub restarts: u64,
    /// Frames with [`TimingEvent::ClockJumped`].
    pub jumps: u64,
    /// Mean time from one exposure to the next in ns, on the device's clock where there is one. Across missing frames
    /// the time is divided by the counter's step. Zero before two frames.
    pub interval_mean_ns: f64,
    /// Standard deviation of these intervals, in ns.
    pub interval_spread_ns: f64,
}

/// Uncertainty of an exposure for which only the arrival is known.
const UNKNOWN_DELAY_NS: u32 = 250_000_000;
/// A clock by which a frame arrived longer than the first before its exposure, or longer than the second after it, is
/// wrong; its uncertainty is allowed on top.
const EARLIEST_NS: i64 = 20_000_000;
const LATEST_NS: i64 = 10_000_000_000;

/// Determines when the frames of one camera were exposed, and by which pulses.
///
/// The best source available is used: a host time from the driver, else the camera's clock mapped to the host's by its
/// latches, else the same by the lower envelope of its arrivals, else the arrival itself. After a disagreement, a
/// restart or a jump nothing learned before is trusted: all is learned again, which takes less than a second at 25 Hz.
pub struct FrameTimer {
    host: ClockId,
    arrivals: Option<ClockModel>,
    latches: Option<RoundTripClock>,
    counter: TriggerCounter,
    counter_bits: u32,
    /// Device time in ns and counter of the previous frame.
    last: Option<(i64, u64)>,
    intervals: Intervals,
    statistics: TimingStatistics,
}

impl FrameTimer {
    /// A timer that has seen no frame.
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

    /// Learns from a latch, a reading of the camera's clock on request: its ticks, and the host times in ns before the
    /// request and after the reply. Ignored for cameras without a clock.
    pub fn latch(&mut self, before_ns: i64, ticks: u64, after_ns: i64) {
        if let Some(latches) = &mut self.latches {
            latches.observe(before_ns, ticks, after_ns);
        }
    }

    /// Times a frame. `pulses` are the trigger pulses by the latest estimate, if there is one.
    pub fn time(&mut self, stamp: FrameStamp, pulses: Option<&PulseTrain>) -> TimedFrame {
        let mut event = self.observe(&stamp);
        if let Some(pulses) = pulses
            && self.counted_anew(&stamp, pulses.period_ns)
            && event.is_none()
        {
            self.forget();
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
                self.forget();
            }
        }
        let device_ns = self.device_ns(&stamp);
        self.account(&stamp, exposure, device_ns, trigger, event);
        TimedFrame { exposure, trigger, device_ns, event }
    }

    /// Call this when the pulses restart from 0: the counter must then be aligned with them again.
    pub fn pulses_restarted(&mut self) {
        self.counter.reset();
    }

    /// Statistics of all frames so far.
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

    /// Whether counter and device clock disagree by more than a frame on how many frames passed since the previous one.
    /// A device that restarts soon after a start may show a time close to the previous one; only its counter shows it.
    fn counted_anew(&mut self, stamp: &FrameStamp, period_ns: f64) -> bool {
        let now = self.device_ns(stamp).zip(stamp.counter);
        let last = std::mem::replace(&mut self.last, now);
        let (Some((now_ns, shown)), Some((last_ns, last_shown))) = (now, last) else { return false };
        let steps = (now_ns - last_ns) as f64 / period_ns;
        let last_shown = i128::from(last_shown);
        let counted = unwrap_near(shown, self.counter_bits, last_shown + steps.round() as i128) - last_shown;
        // The second term allows for the device's drift in a long pause.
        (counted as f64 - steps).abs() > 1.5 + 1e-3 * steps.abs()
    }

    fn exposure(&self, stamp: &FrameStamp) -> HostTime {
        stamp.host.or_else(|| self.by_device(stamp)).unwrap_or(HostTime {
            ns: stamp.arrival_ns,
            uncertainty_ns: UNKNOWN_DELAY_NS,
            clock: self.host,
        })
    }

    /// The exposure by the device's clock, unless the frame cannot have arrived when it did.
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

    /// Forgets all that was learned: either the counter or the clock is wrong, and it is unknown which.
    fn forget(&mut self) {
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
