use frame::{ClockId, HostTime, TriggerIndex, monotonic_now_ns};
use frame_sync::{FrameStamp, FrameTimer, FrameTimerConfig, TimedFrame, TimingEvent};

use crate::trigger::Published;
use crate::{DeviceClock, Latch, Stamp, Unit};

/// Drivers hand over counters that they have unwrapped.
const COUNTER_BITS: u32 = 64;

/// From what a driver says of its units to times on the host's clock and numbers of pulses; of one camera, from when
/// it was opened.
pub(crate) struct Timing {
    timer: FrameTimer,
    generation: Option<u32>,
    /// Pulses at which the camera was not fired, and which it did not count.
    unasked: u64,
}

pub(crate) struct Timed {
    pub exposure: HostTime,
    pub arrival_ns: i64,
    pub trigger: TriggerIndex,
    pub device_ns: Option<i64>,
    pub event: Option<TimingEvent>,
}

impl Timing {
    pub fn new(clock: Option<DeviceClock>) -> Self {
        let config = FrameTimerConfig { clock, counter_bits: COUNTER_BITS, host: ClockId::Monotonic };
        Self { timer: FrameTimer::new(config), generation: None, unasked: 0 }
    }

    pub fn latch(&mut self, latch: Latch) {
        self.timer.latch(latch.before_ns, latch.ticks, latch.after_ns);
    }

    /// The camera was not fired at so many pulses before the next unit.
    pub fn unasked(&mut self, pulses: u64) {
        self.unasked += pulses;
    }

    pub fn time(&mut self, unit: &Unit, pulses: Option<Published>) -> Timed {
        let (ticks, host, arrival_ns) = match unit.exposure {
            Stamp::Host(exposure) => (None, Some(exposure), monotonic_now_ns()),
            Stamp::Device { ticks, arrival_ns } => (Some(ticks), None, arrival_ns),
        };
        let stamp = FrameStamp { ticks, host, counter: unit.counter.map(|counter| counter + self.unasked), arrival_ns };
        // A driver that knows the trigger for certain knows better than any count.
        let known = unit.trigger != TriggerIndex::Unresolved;
        let pulses = pulses.filter(|_| !known);
        if let Some(pulses) = pulses
            && self.generation.replace(pulses.generation).is_some_and(|before| before != pulses.generation)
        {
            self.timer.pulses_restarted();
        }
        let TimedFrame { exposure, trigger, device_ns, event } =
            self.timer.time(stamp, pulses.as_ref().map(|p| &p.train));
        let trigger = if known { unit.trigger } else { trigger };
        Timed { exposure, arrival_ns, trigger, device_ns, event }
    }
}
