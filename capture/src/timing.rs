//! Times and pulse numbers of one camera's units.

use frame::{ClockId, HostTime, SegmentId, TriggerIndex, monotonic_now_ns};
use frame_sync::timing::{FrameStamp, FrameTimer, FrameTimerConfig, TimedFrame, TimingEvent};

use crate::trigger::Published;
use crate::{DeviceClock, Latch, Stamp, Unit};

/// Drivers deliver unwrapped counters.
const COUNTER_BITS: u32 = 64;

/// Turns a driver's stamps and counters into host times and pulse numbers, for one camera from when it was opened.
pub(crate) struct Timing {
    timer: FrameTimer,
    /// The start of the pulses that the previous units were numbered by.
    beginning: Option<(Option<u32>, u32)>,
    /// Pulses at which the camera was not fired, which its counter lacks.
    unasked: u64,
    /// The segment, and how far pulse numbers are ahead of sequence numbers in it.
    ahead: Option<(SegmentId, i128)>,
}

pub(crate) struct Timed {
    pub exposure: HostTime,
    pub arrival_ns: i64,
    pub trigger: TriggerIndex,
    pub device_ns: Option<i64>,
    pub event: Option<TimingEvent>,
    /// Pulses up to this one that gave no picture and that the device did not report as lost.
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

    /// Records that the camera was not fired at this many pulses before the next unit.
    pub fn unasked(&mut self, pulses: u64) {
        self.unasked += pulses;
    }

    /// `sequence` is the unit's sequence number if no pulse was missed.
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
        // A driver that knows the trigger for certain gets no pulses.
        if unit.trigger != TriggerIndex::Unresolved {
            return Timed { exposure, arrival_ns, trigger: unit.trigger, device_ns, event, missed: 0 };
        }
        let missed = trigger.pulse().map_or(0, |pulse| self.missed(unit.segment, pulse, sequence));
        Timed { exposure, arrival_ns, trigger, device_ns, event, missed }
    }

    /// Sequence and pulse numbers advance together unless the camera missed a pulse.
    fn missed(&mut self, segment: SegmentId, pulse: u64, sequence: u64) -> u64 {
        let ahead = i128::from(pulse) - i128::from(sequence);
        let before = self.ahead.filter(|&(of, _)| of == segment).map_or(ahead, |(_, before)| before);
        self.ahead = Some((segment, before));
        u64::try_from(ahead - before).unwrap_or(0)
    }
}
