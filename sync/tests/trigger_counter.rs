//! Trigger numbers of simulated cameras whose truth is known.

use frame::{CameraId, ClockId, HostTime, SegmentId, TriggerIndex};
use frame_sync::timing::{
    Action, Arrival, AssemblerConfig, Closed, FrameSetAssembler, PulseTrain, TriggerCounter, TriggerCounterConfig,
};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const PERIOD_NS: f64 = 1e9 / 60.0;
const START_NS: i64 = 123_456_789;

const PULSES: PulseTrain = PulseTrain { start_ns: START_NS, period_ns: PERIOD_NS, uncertainty_ns: 0 };

fn counter(bits: u32) -> TriggerCounter {
    TriggerCounter::new(TriggerCounterConfig::new(bits))
}

fn at(pulse: u64, off_ns: i64, uncertainty_ns: u32) -> HostTime {
    HostTime { ns: START_NS + (pulse as f64 * PERIOD_NS) as i64 + off_ns, uncertainty_ns, clock: ClockId::Simulated }
}

/// Usually none; sometimes the counter slips by one, or restarts at another number.
fn slip() -> impl Strategy<Value = u64> {
    prop_oneof![60 => Just(0), 2 => Just(1), 1 => 2u64..1 << 20]
}

proptest! {
    /// Times and pulses err within what they say, the pulses' rate is estimated anew with each frame, frames are lost,
    /// the counter wraps, slips and restarts, also while times are vague: never a wrong number.
    #[test]
    fn trigger_numbers_are_never_wrong(
        frames in prop::collection::vec(
            (1u64..5, 0u32..12_000_000, -1.0f64..1.0, 0u32..6_000_000, -1.0f64..1.0, slip()), 1..300,
        ),
        first in 0u64..100_000,
        bits in 4u32..20,
        shift in 0u64..1 << 20,
    ) {
        let mut counter = counter(bits);
        let (mut pulse, mut shift) = (first, shift);
        for (step, uncertainty_ns, off, train_uncertainty_ns, train_off, slip) in frames {
            pulse += step;
            shift += slip;
            let exposure = at(pulse, (off * f64::from(uncertainty_ns)) as i64, uncertainty_ns);
            // Another rate, through the same pulse.
            let period_ns = PERIOD_NS * (1.0 + train_off * 1e-4);
            let there_ns = pulse as f64 * (PERIOD_NS - period_ns) + train_off * f64::from(train_uncertainty_ns);
            let pulses = PulseTrain {
                start_ns: START_NS + there_ns.trunc() as i64, period_ns, uncertainty_ns: train_uncertainty_ns + 2,
            };
            let resolution = counter.resolve(&pulses, exposure, Some((pulse + shift) % (1 << bits)));
            if let Some(resolved) = resolution.index.pulse() {
                prop_assert_eq!(resolved, pulse);
            }
        }
    }
}

#[test]
fn agreement_is_certain_and_each_alone_is_tentative() {
    let mut counter = counter(16);
    let mut resolve = |exposure, shown| {
        let resolution = counter.resolve(&PULSES, exposure, shown);
        (resolution.index, resolution.disagreement)
    };
    let shown = |pulse: u64| Some((pulse + 65_530) % 65_536);
    assert_eq!(resolve(at(3, 0, 9_000_000), shown(3)), (TriggerIndex::Unresolved, false), "vague, counter not tied");
    assert_eq!(resolve(at(4, 100, 1000), shown(4)), (TriggerIndex::Tentative(4), false), "time alone ties the counter");
    assert_eq!(resolve(at(5, 100, 1000), shown(5)), (TriggerIndex::Certain(5), false));
    assert_eq!(resolve(at(6, 5_000_000, 7_000_000), shown(6)), (TriggerIndex::Tentative(6), false), "counter alone");
    assert_eq!(resolve(at(7, 0, 1000), None), (TriggerIndex::Tentative(7), false), "no counter in this frame");
    assert_eq!(resolve(at(200_000, 0, 1000), shown(200_000)), (TriggerIndex::Certain(200_000), false), "three wraps");
    assert_eq!(resolve(at(200_001, 0, 1000), shown(200_002)), (TriggerIndex::Unresolved, true), "a pulse made up");
    assert_eq!(resolve(at(200_002, 0, 1000), shown(200_003)), (TriggerIndex::Tentative(200_002), false), "tied anew");
    assert_eq!(resolve(at(200_003, 0, 1000), shown(200_004)), (TriggerIndex::Certain(200_003), false));
    let before = HostTime { ns: START_NS - 50_000_000, uncertainty_ns: 0, clock: ClockId::Simulated };
    assert_eq!(resolve(before, None).0, TriggerIndex::Unresolved, "before the first pulse there is none");
}

/// Cameras whose 16-bit counters began anywhere and wrap in mid-run make the same sets as if they counted for ever.
#[test]
fn sets_survive_a_counter_wrap() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut assembler = FrameSetAssembler::new(AssemblerConfig { cameras: 3, deadline_ns: 50_000_000, max_open: 4 });
    let begin: [u64; 3] = [65_500, 3, 65_535];
    let mut counters: Vec<_> = (0..3).map(|_| counter(16)).collect();
    let (mut out, mut sets) = (Vec::new(), 0);
    for pulse in 0..70_000u64 {
        for camera in 0..3 {
            let exposure = at(pulse, rng.random_range(-500_000..500_000), 500_000);
            let resolution = counters[camera].resolve(&PULSES, exposure, Some((begin[camera] + pulse) % 65_536));
            assert!(!resolution.disagreement);
            let (camera, arrival_ns) = (CameraId(camera as u16), exposure.ns + 3_000_000);
            let arrival =
                Arrival { camera, segment: SegmentId::seam(0), trigger: resolution.index, arrival_ns, item: pulse };
            assembler.arrive(arrival, &mut out);
        }
        for action in out.drain(..) {
            let Action::Set(set) = action else { panic!("nothing is rejected") };
            assert_eq!(set.closed, Closed::Complete);
            assert!(set.items.iter().all(|&item| item == Some(sets)));
            assert_eq!(set.trigger, if sets == 0 { TriggerIndex::Tentative(0) } else { TriggerIndex::Certain(sets) });
            sets += 1;
        }
    }
    assert_eq!(sets, 70_000);
}
