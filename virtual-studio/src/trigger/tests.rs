//! Tests of triggers and their faults.

use proptest::prelude::*;

use super::*;

/// One camera with these faults.
fn with(faults: CameraFaults) -> SimulatedTrigger {
    SimulatedTrigger { rate_hz: 25.0, seed: 7, cameras: vec![faults] }
}

fn deliveries(trigger: &SimulatedTrigger, pulses: u64) -> Vec<Delivery> {
    (0..pulses).flat_map(|pulse| trigger.deliver(0, pulse)).collect()
}

#[test]
fn without_faults_every_camera_delivers_each_pulse_once_and_at_once() {
    let trigger = SimulatedTrigger::new(25.0, 3, &Faults::default(), 50, 1);
    for (camera, pulse) in (0..3).flat_map(|camera| (0..50).map(move |pulse| (camera, pulse))) {
        let ns = pulse as i64 * 40_000_000;
        let exact = Delivery { arrival_ns: ns, shown: pulse, exposure_ns: ns, start: 0 };
        assert_eq!(trigger.deliver(camera, pulse).collect::<Vec<_>>(), [exact]);
    }
}

#[test]
fn a_camera_that_left_returns_as_one_that_starts_anew() {
    let trigger = with(CameraFaults { absence: Some(3..6), ..CameraFaults::default() });
    let starts: Vec<_> = deliveries(&trigger, 9).iter().map(|delivery| (delivery.shown, delivery.start)).collect();
    assert_eq!(starts, [(0, 0), (1, 0), (2, 0), (6, 1), (7, 1), (8, 1)]);
}

#[test]
fn a_slip_shows_only_in_what_is_shown() {
    let slipped = deliveries(&with(CameraFaults { slips_at: Some(4), ..CameraFaults::default() }), 8);
    let exact = deliveries(&with(CameraFaults::default()), 8);
    let shown: Vec<_> = slipped.iter().map(|delivery| delivery.shown).collect();
    assert_eq!(shown, [0, 1, 2, 3, 3, 4, 5, 6]);
    for (slipped, exact) in slipped.iter().zip(&exact) {
        assert_eq!((slipped.arrival_ns, slipped.start), (exact.arrival_ns, exact.start));
    }
}

#[test]
fn shares_of_loss_and_duplicates_are_kept() {
    let trigger = with(CameraFaults { loss: 0.2, duplicate: 0.1, jitter_ns: 3_000_000, ..CameraFaults::default() });
    let counts: Vec<_> = (0..5000).map(|pulse| trigger.deliver(0, pulse).count()).collect();
    let once = counts.iter().filter(|count| **count > 0).count();
    let twice = counts.iter().filter(|count| **count == 2).count();
    assert!((3900..4100).contains(&once), "{once}");
    assert!((340..460).contains(&twice), "{twice}");
    assert!(deliveries(&trigger, 5000).iter().all(|delivery| delivery.arrival_ns >= delivery.exposure_ns));
}

proptest! {
    /// The result for a pulse does not depend on the order of calls or on other cameras.
    #[test]
    fn faults_depend_on_seed_camera_and_pulse_alone(seed: u64, camera in 0usize..4, pulse in 0u64..400) {
        let faults = Faults { offset_ms: 3.0, jitter_ms: 4.0, loss: 0.1, duplicate: 0.1, leave: 0.5, slip: 0.5 };
        let few = SimulatedTrigger::new(30.0, camera + 1, &faults, 400, seed);
        let many = SimulatedTrigger::new(30.0, 8, &faults, 400, seed);
        let got: Vec<_> = few.deliver(camera, pulse).collect();
        prop_assert_eq!(&got, &many.deliver(camera, pulse).collect::<Vec<_>>());
        for delivery in got {
            prop_assert!(delivery.shown == pulse || many.faults(camera).slips_at.is_some());
        }
    }
}
