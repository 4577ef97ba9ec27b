//! Times and pulse numbers of one camera's units.

use frame::{ClockId, HostTime, SegmentId, TriggerIndex, monotonic_now_ns};
use frame_sync::timing::{FrameStamp, FrameTimer, FrameTimerConfig, TimedFrame, TimingEvent};

use crate::trigger::Published;
use crate::{DeviceClock, Latch, Stamp, Unit};

/// Drivers hand over counters that they have unwrapped.
const COUNTER_BITS: u32 = 64;

/// From what a driver says of its units to times on the host's clock and numbers of pulses; of one camera, from when
/// it was opened.
pub(crate) struct Timing {
    timer: FrameTimer,
    /// Of the pulses that the units before were counted by.
    beginning: Option<(Option<u32>, u32)>,
    /// Pulses at which the camera was not fired, and which it did not count.
    unasked: u64,
    /// How far, in a segment, the numbers of pulses were ahead of the account's at most.
    ahead: Option<(SegmentId, i128)>,
}

pub(crate) struct Timed {
    pub exposure: HostTime,
    pub arrival_ns: i64,
    pub trigger: TriggerIndex,
    pub device_ns: Option<i64>,
    pub event: Option<TimingEvent>,
    /// Pulses up to this one that gave no picture, and of which the device says nothing.
    pub missed: u64,
}

impl Timing {
    pub fn new(clock: Option<DeviceClock>) -> Self {
        let config = FrameTimerConfig { clock, counter_bits: COUNTER_BITS, host: ClockId::Monotonic };
        Self { timer: FrameTimer::new(config), beginning: None, unasked: 0, ahead: None }
    }

    pub fn latch(&mut self, latch: Latch) {
        self.timer.latch(latch.before_ns, latch.ticks, latch.after_ns);
    }

    /// The camera was not fired at so many pulses before the next unit.
    pub fn unasked(&mut self, pulses: u64) {
        self.unasked += pulses;
    }

    /// `sequence` is the number of the unit in the camera's account, if nothing was missed.
    pub fn time(&mut self, unit: &Unit, sequence: u64, pulses: Option<Published>) -> Timed {
        let (ticks, host, arrival_ns) = match unit.exposure {
            Stamp::Host(exposure) => (None, Some(exposure), monotonic_now_ns()),
            Stamp::Device { ticks, arrival_ns } => (Some(ticks), None, arrival_ns),
        };
        let stamp = FrameStamp { ticks, host, counter: unit.counter.map(|counter| counter + self.unasked), arrival_ns };
        if let Some(pulses) = pulses
            && self.beginning.replace(pulses.beginning()).is_some_and(|before| before != pulses.beginning())
        {
            self.timer.pulses_restarted();
            self.ahead = None;
        }
        let TimedFrame { exposure, trigger, device_ns, event } =
            self.timer.time(stamp, pulses.as_ref().map(|p| &p.train));
        // A driver that knows the trigger for certain is told of no pulses.
        if unit.trigger != TriggerIndex::Unresolved {
            return Timed { exposure, arrival_ns, trigger: unit.trigger, device_ns, event, missed: 0 };
        }
        let missed = trigger.pulse().map_or(0, |pulse| self.missed(unit.segment, pulse, sequence));
        Timed { exposure, arrival_ns, trigger, device_ns, event, missed }
    }

    /// Account and pulses go on alike, unless the camera passed over a pulse.
    fn missed(&mut self, segment: SegmentId, pulse: u64, sequence: u64) -> u64 {
        let ahead = i128::from(pulse) - i128::from(sequence);
        let before = self.ahead.filter(|&(of, _)| of == segment).map_or(ahead, |(_, before)| before);
        self.ahead = Some((segment, before));
        u64::try_from(ahead - before).unwrap_or(0)
    }
}
