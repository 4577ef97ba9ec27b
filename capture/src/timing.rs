use frame::{HostTime, TriggerIndex, monotonic_now_ns};
use frame_sync::{ClockConfig, ClockModel, Observation, PulseTrain, TriggerCounter, TriggerCounterConfig};

use crate::{DeviceClock, Latch, Stamp, Unit};

/// Drivers hand over counters that they have unwrapped.
const COUNTER_BITS: u32 = 64;
/// What is said of a device's times before its clock is known.
const UNKNOWN_NS: u32 = u32::MAX;

/// From what a driver says of its units to times on the host's clock and numbers of pulses; of one camera, from when
/// it was opened.
pub(crate) struct Timing {
    clock: Option<ClockModel>,
    trigger: Option<TriggerCounter>,
}

pub(crate) struct Timed {
    pub exposure: HostTime,
    pub arrival_ns: i64,
    pub trigger: TriggerIndex,
    pub device_ns: Option<i64>,
    pub slipped: bool,
    pub restarted: bool,
}

impl Timing {
    pub fn new(clock: Option<DeviceClock>) -> Self {
        let clock = clock.map(|clock| ClockModel::new(ClockConfig::new(clock.tick_ns, clock.tick_bits)));
        Self { clock, trigger: None }
    }

    pub fn latch(&mut self, _latch: Latch) {}

    pub fn time(&mut self, unit: &Unit, pulses: Option<PulseTrain>) -> Timed {
        let mut restarted = false;
        let (exposure, arrival_ns) = match (unit.exposure, &mut self.clock) {
            (Stamp::Host(exposure), _) => (exposure, monotonic_now_ns()),
            (Stamp::Device { ticks, arrival_ns }, Some(clock)) => {
                restarted = clock.observe(ticks, arrival_ns) == Observation::Restarted;
                (clock.map(ticks, arrival_ns).unwrap_or(HostTime::monotonic(arrival_ns, UNKNOWN_NS)), arrival_ns)
            }
            (Stamp::Device { arrival_ns, .. }, None) => (HostTime::monotonic(arrival_ns, UNKNOWN_NS), arrival_ns),
        };
        let mut timed =
            Timed { exposure, arrival_ns, trigger: unit.trigger, device_ns: None, slipped: false, restarted };
        if let (TriggerIndex::Unresolved, Some(pulses)) = (unit.trigger, pulses) {
            let counter =
                self.trigger.get_or_insert_with(|| TriggerCounter::new(TriggerCounterConfig::new(COUNTER_BITS)));
            let resolution = counter.resolve(&pulses, exposure, unit.counter);
            (timed.trigger, timed.slipped) = (resolution.index, resolution.disagreement);
        }
        timed
    }
}
