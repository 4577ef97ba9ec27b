use proptest::prelude::*;

use super::*;

fn with(faults: CameraFaults) -> Trigger {
    Trigger::new(25.0, vec![faults], 7)
}

fn counters(trigger: &Trigger, pulses: u64) -> Vec<u64> {
    trigger.deliveries(pulses).iter().map(|delivery| delivery.counter).collect()
}

#[test]
fn an_exact_trigger_delivers_each_pulse_once_from_every_camera_at_once() {
    let all = Trigger::exact(25.0, 3).deliveries(50);
    assert_eq!(all.len(), 150);
    for (i, delivery) in all.iter().enumerate() {
        let pulse = i as u64 / 3;
        assert_eq!((delivery.camera, delivery.counter, delivery.truth.pulse), (i % 3, pulse, pulse));
        assert_eq!(delivery.arrival_ns, pulse as i64 * 40_000_000);
        assert_eq!(delivery.device_ns, delivery.truth.exposure_ns);
    }
}

#[test]
fn counters_wrap() {
    let trigger = with(CameraFaults { counter_bits: 3, ..CameraFaults::default() });
    assert_eq!(counters(&trigger, 10), [0, 1, 2, 3, 4, 5, 6, 7, 0, 1]);
}

#[test]
fn a_camera_that_left_returns_with_its_counter_at_zero() {
    let trigger = with(CameraFaults { absence: Some(Absence { from: 3, until: 6 }), ..CameraFaults::default() });
    assert_eq!(counters(&trigger, 9), [0, 1, 2, 0, 1, 2]);
    let starts: Vec<_> =
        trigger.deliveries(9).iter().map(|delivery| (delivery.truth.pulse, delivery.truth.start)).collect();
    assert_eq!(starts, [(0, 0), (1, 0), (2, 0), (6, 1), (7, 1), (8, 1)]);
}

#[test]
fn a_slip_shows_only_in_the_truth() {
    let slipped = with(CameraFaults { slip: Some(Slip { from: 4, frames: 1 }), ..CameraFaults::default() });
    let (slipped, exact) = (slipped.deliveries(8), Trigger::exact(25.0, 1).deliveries(8));
    let truth: Vec<_> = slipped.iter().map(|delivery| delivery.truth.pulse).collect();
    assert_eq!(truth, [0, 1, 2, 3, 3, 4, 5, 6]);
    for (slipped, exact) in slipped.iter().zip(&exact) {
        assert_eq!(Delivery { truth: exact.truth, ..*slipped }, *exact);
    }
}

#[test]
fn a_clock_that_drifts_says_so_more_and_more() {
    let trigger = with(CameraFaults { drift_ppm: 100.0, clock_ns: 5, ..CameraFaults::default() });
    let last = *trigger.deliveries(251).last().unwrap();
    assert_eq!(last.truth.exposure_ns, 10_000_000_000);
    assert_eq!(last.device_ns, 10_001_000_005);
}

#[test]
fn shares_of_loss_and_duplicates_are_kept() {
    let trigger = with(CameraFaults { loss: 0.2, duplicate: 0.1, jitter_ns: 3_000_000, ..CameraFaults::default() });
    let all = trigger.deliveries(5000);
    let twice = all.iter().filter(|delivery| delivery.truth.duplicate).count();
    let once = all.len() - twice;
    assert!((3900..4100).contains(&once), "{once}");
    assert!((340..460).contains(&twice), "{twice}");
    assert!(all.iter().all(|delivery| delivery.arrival_ns >= delivery.truth.exposure_ns));
    assert!(all.windows(2).all(|pair| pair[0].arrival_ns <= pair[1].arrival_ns));
}

proptest! {
    /// The answer for a pulse is the same whoever asks first, and other cameras change nothing.
    #[test]
    fn faults_depend_on_seed_camera_and_pulse_alone(seed: u64, camera in 0usize..4, pulse in 0u64..400) {
        let faults = Faults { offset_ms: 3.0, drift_ppm: 50.0, jitter_ms: 4.0, loss: 0.1, duplicate: 0.1, counter_bits: 8, leave: 0.5, slip: 0.5 };
        let few = Trigger::with_faults(30.0, camera + 1, &faults, 400, seed);
        let many = Trigger::with_faults(30.0, 8, &faults, 400, seed);
        let got: Vec<_> = few.deliver(camera, pulse).collect();
        prop_assert_eq!(&got, &many.deliver(camera, pulse).collect::<Vec<_>>());
        for delivery in got {
            prop_assert!(delivery.counter < 256);
            prop_assert!(delivery.truth.pulse == pulse || many.faults(camera).slip.is_some());
        }
    }

    #[test]
    fn no_faults_are_an_exact_trigger(seed: u64) {
        let trigger = Trigger::with_faults(25.0, 2, &Faults::default(), 20, seed);
        prop_assert_eq!(trigger.deliveries(20), Trigger::exact(25.0, 2).deliveries(20));
    }
}
