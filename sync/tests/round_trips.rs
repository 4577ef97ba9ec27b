//! The clock of round trips, with simulated counters whose truth is known.

use frame::ClockId;
use frame_sync::timing::{Observation, RoundTripClock, RoundTripConfig};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

#[derive(Clone, Copy, Debug)]
struct Remote {
    drift_ppm: f64,
    bits: u32,
    tick_ns: f64,
    /// What it showed at host time zero.
    begin: u64,
}

impl Remote {
    fn shown(&self, host_ns: i64) -> u64 {
        let ticks = self.begin + (host_ns as f64 / self.tick_ns * (1.0 + self.drift_ppm * 1e-6)) as u64;
        if self.bits == 64 { ticks } else { ticks % (1 << self.bits) }
    }
}

fn clock(remote: &Remote) -> RoundTripClock {
    RoundTripClock::new(RoundTripConfig {
        clock: ClockId::Simulated,
        ..RoundTripConfig::new(remote.tick_ns, remote.bits)
    })
}

/// A way out, a way back: each at least 40 µs, mostly little more, at times a burst of milliseconds.
fn way_ns(rng: &mut ChaCha8Rng, busy: bool) -> i64 {
    let spread_ns = if busy { 8e6 } else { 60e3 };
    40_000 + (-spread_ns * (1.0 - rng.random::<f64>()).ln()) as i64
}

/// Four round trips a second for ten minutes, with bursts: (share within their uncertainty, 99th percentile and worst
/// error in ns after five seconds, median uncertainty in ns) of the times of events half a second back and ahead.
fn follow(remote: &Remote, one_sided: bool, seed: u64) -> (f64, i64, i64, u32) {
    let (mut clock, mut rng) = (clock(remote), ChaCha8Rng::seed_from_u64(seed));
    let (mut errors, mut uncertainties, mut within, mut seen) = (Vec::new(), Vec::new(), 0, 0);
    let mut busy = false;
    for k in 0..2400i64 {
        busy = if busy { !rng.random_bool(0.3) } else { rng.random_bool(0.05) };
        let before_ns = 1_000_000_000 + k * 250_000_000 + rng.random_range(0..1_000_000);
        let read_ns = before_ns + way_ns(&mut rng, busy);
        // One-sided: only the way back is slow, as if answers waited for a poll.
        let after_ns = read_ns + if one_sided { 400_000 } else { 0 } + way_ns(&mut rng, busy);
        assert_eq!(clock.observe(before_ns, remote.shown(read_ns), after_ns), Observation::Consistent);
        for event_ns in [after_ns - 500_000_000, after_ns + 500_000_000] {
            let time = clock.map(remote.shown(event_ns), event_ns + 3_000_000).unwrap();
            let error_ns = (time.ns - event_ns).abs();
            seen += 1;
            within += u32::from(error_ns <= i64::from(time.uncertainty_ns));
            if k >= 20 {
                errors.push(error_ns);
                uncertainties.push(time.uncertainty_ns);
            }
            let back = clock.remote_at(event_ns).unwrap();
            let turn = if remote.bits == 64 { 0 } else { 1i128 << remote.bits };
            let mut apart = (i128::from(back.ticks) - i128::from(remote.shown(event_ns))).abs();
            apart = if turn > 0 { apart.min(turn - apart) } else { apart };
            assert!(apart as f64 * remote.tick_ns <= f64::from(back.uncertainty_ns), "{apart} ticks, {back:?}");
        }
    }
    let (drift_ppm, within_ppm) = clock.drift_ppm().unwrap();
    assert!(
        (drift_ppm - remote.drift_ppm).abs() <= within_ppm + 1e-3 && within_ppm < 10.0,
        "{drift_ppm} ± {within_ppm}"
    );
    errors.sort_unstable();
    uncertainties.sort_unstable();
    let (p99, worst) = (errors[errors.len() * 99 / 100], errors[errors.len() - 1]);
    (f64::from(within) / f64::from(seen), p99, worst, uncertainties[uncertainties.len() / 2])
}

#[test]
fn round_trips_follow_drift_under_bursts() {
    for one_sided in [false, true] {
        let (mut worst_within, mut worst_p99, mut worst_error, mut median) = (1.0f64, 0, 0, 0);
        for drift_ppm in [-100.0, -3.0, 0.0, 100.0] {
            // A counter of nanoseconds, one of microseconds that wraps in the run, a camera's of 8 ns.
            for (bits, tick_ns, begin) in [(64, 1.0, 0), (32, 1000.0, u64::from(u32::MAX) - 200_000_000), (40, 8.0, 77)]
            {
                for seed in 0..4 {
                    let remote = Remote { drift_ppm, bits, tick_ns, begin };
                    let (within, p99, worst, uncertainty) = follow(&remote, one_sided, seed);
                    worst_within = worst_within.min(within);
                    worst_p99 = worst_p99.max(p99);
                    worst_error = worst_error.max(worst);
                    median = median.max(uncertainty);
                }
            }
        }
        println!(
            "one-sided {one_sided}: the worst of 48 runs: {worst_within:.4} within their uncertainty, p99 {} µs, worst \
             {} µs, median uncertainty {} µs",
            worst_p99 / 1000,
            worst_error / 1000,
            median / 1000
        );
        assert!(worst_within >= 0.999, "{worst_within}");
        assert!(worst_p99 < if one_sided { 300_000 } else { 100_000 }, "{worst_p99} ns");
    }
}

proptest! {
    /// Any delays on either way, any pauses: the truth is always within the uncertainty, and a restart is not made up.
    #[test]
    fn the_truth_is_within_the_uncertainty(
        trips in prop::collection::vec((1i64..20_000_000_000, 0i64..30_000_000, 0i64..30_000_000), 1..80),
        drift_ppm in -400.0f64..400.0,
        begin in 0u64..1 << 32,
        ahead_ns in -1_000_000_000i64..5_000_000_000,
    ) {
        let remote = Remote { drift_ppm, bits: 32, tick_ns: 1000.0, begin };
        let (mut clock, mut now_ns) = (clock(&remote), 0);
        for (pause_ns, out_ns, back_ns) in trips {
            now_ns += pause_ns;
            let shown = remote.shown(now_ns + out_ns);
            prop_assert_eq!(clock.observe(now_ns, shown, now_ns + out_ns + back_ns), Observation::Consistent);
            now_ns += out_ns + back_ns;
            let event_ns = (now_ns + ahead_ns).max(0);
            let time = clock.map(remote.shown(event_ns), now_ns).unwrap();
            prop_assert!((time.ns - event_ns).abs() <= i64::from(time.uncertainty_ns) + 1, "{:?} for {}", time, event_ns);
        }
    }
}

#[test]
fn a_remote_side_that_starts_anew_is_noticed() {
    let remote = Remote { drift_ppm: 20.0, bits: 32, tick_ns: 1000.0, begin: 12_345 };
    let mut clock = clock(&remote);
    assert_eq!((clock.map(0, 0), clock.remote_at(0), clock.drift_ppm()), (None, None, None));
    let second = 1_000_000_000;
    for k in 0..10 {
        let at_ns = k * second;
        assert_eq!(clock.observe(at_ns, remote.shown(at_ns + 100_000), at_ns + 300_000), Observation::Consistent);
    }
    let anew = Remote { begin: 0, ..remote };
    let at_ns = 10 * second;
    assert_eq!(clock.observe(at_ns, anew.shown(100_000), at_ns + 300_000), Observation::Restarted);
    let time = clock.map(anew.shown(200_000_000), at_ns).unwrap();
    assert!((time.ns - at_ns - 200_000_000).abs() <= i64::from(time.uncertainty_ns), "{time:?}");
    assert!(time.uncertainty_ns < 300_000, "{time:?}");
}

/// The host's clock is slewed, so the remote rate changes at once: what does not fit any more is forgotten.
#[test]
fn a_rate_that_changes_is_followed() {
    let mut clock = RoundTripClock::new(RoundTripConfig::new(1.0, 64));
    let (mut shown, mut at_ns, mut outside) = (5_000_000_000.0, 0, Vec::new());
    for k in 0..200 {
        let rate = if k < 100 { 1.0 } else { 1.0 + 80e-6 };
        at_ns += 500_000_000;
        shown += 500e6 * rate;
        assert_eq!(clock.observe(at_ns - 50_000, shown as u64, at_ns + 90_000), Observation::Consistent);
        let time = clock.map(shown as u64, at_ns).unwrap();
        assert!((time.ns - at_ns).abs() <= 140_000, "never off by more than a round trip: {time:?} for {at_ns}");
        if (time.ns - at_ns).abs() > i64::from(time.uncertainty_ns) {
            outside.push(k);
        }
    }
    println!("outside of their uncertainty after a change at round trip 100: {outside:?}");
    assert!(outside.iter().all(|k| (100..106).contains(k)), "for less than three seconds");
    let (drift_ppm, within_ppm) = clock.drift_ppm().unwrap();
    assert!((drift_ppm - 80.0).abs() <= within_ppm && within_ppm < 5.0, "{drift_ppm} ± {within_ppm}");
}
