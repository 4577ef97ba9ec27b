//! The clock model, which follows the lower envelope of arrivals, with simulated devices whose truth is known.

use frame::ClockId;
use frame_sync::timing::{ClockConfig, ClockModel, Observation};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Of the simulated cameras; their drivers state it.
const LEAST_DELAY_NS: i64 = 3_000_000;

#[derive(Clone, Copy)]
struct Device {
    drift_ppm: f64,
    bits: u32,
    begin: u64,
    tick_ns: f64,
}

impl Device {
    /// What its counter shows at a host time. Its crystal warms up: the drift changes by 0.5 ppm over ten minutes.
    fn shown(&self, host_ns: i64) -> u64 {
        let strayed_ns = 0.5e-6 / 600e9 / 2.0 * (host_ns as f64).powi(2);
        let ticks = (host_ns as f64 * (1.0 + self.drift_ppm * 1e-6) + strayed_ns) / self.tick_ns;
        let ticks = u128::from(self.begin) + ticks as u128;
        if self.bits == 64 { ticks as u64 } else { (ticks % (1 << self.bits)) as u64 }
    }

    fn model(&self) -> ClockModel {
        ClockModel::new(ClockConfig {
            clock: ClockId::Simulated,
            least_delay_ns: LEAST_DELAY_NS,
            ..ClockConfig::new(self.tick_ns, self.bits)
        })
    }
}

#[derive(Clone, Copy, Debug)]
enum Delays {
    /// Up to 4 ms.
    Uniform,
    /// 2 ms on average.
    Exponential,
}

impl Delays {
    fn draw_ns(self, rng: &mut ChaCha8Rng) -> i64 {
        let beyond = match self {
            Self::Uniform => rng.random_range(0.0..4e6),
            Self::Exponential => -2e6 * (1.0 - rng.random::<f64>()).ln(),
        };
        LEAST_DELAY_NS + beyond as i64
    }
}

/// (exposure, arrival) of the frames of some seconds. With `bunches`, every fortieth frame or so is held back with the
/// next few, and all are handed over at once.
fn frames(rate_hz: f64, seconds: f64, delays: Delays, bunches: bool, rng: &mut ChaCha8Rng) -> Vec<(i64, i64)> {
    let mut frames: Vec<_> = (0..(seconds * rate_hz) as i64)
        .map(|k| {
            let exposure_ns = 1_000_000 + (k as f64 * 1e9 / rate_hz) as i64;
            (exposure_ns, exposure_ns + delays.draw_ns(rng))
        })
        .collect();
    let mut k = 0;
    while bunches && k < frames.len() {
        if rng.random_bool(1.0 / 40.0) {
            let last = (k + rng.random_range(1..8)).min(frames.len() - 1);
            let until_ns = frames[last].1;
            frames[k..last].iter_mut().for_each(|frame| frame.1 = frame.1.max(until_ns));
            k = last;
        }
        k += 1;
    }
    // Frames of one camera do not overtake each other.
    let mut latest_ns = 0;
    for frame in &mut frames {
        latest_ns = frame.1.max(latest_ns + 1);
        frame.1 = latest_ns;
    }
    frames
}

#[derive(Default)]
struct Errors {
    within: u32,
    seen: u32,
    /// The same, of the first five seconds.
    early: (u32, u32),
    /// After five seconds.
    settled_ns: Vec<i64>,
    uncertainties_ns: Vec<u32>,
}

/// A minute and a half.
fn follow(device: &Device, rate_hz: f64, delays: Delays, bunches: bool, seed: u64, errors: &mut Errors) {
    let (mut model, mut rng) = (device.model(), ChaCha8Rng::seed_from_u64(seed));
    let frames = frames(rate_hz, 90.0, delays, bunches, &mut rng);
    for &(exposure_ns, arrival_ns) in &frames {
        let shown = device.shown(exposure_ns);
        assert_eq!(model.observe(shown, arrival_ns), Observation::Consistent);
        let Some(time) = model.map(shown, arrival_ns) else { continue };
        assert!(time.ns + LEAST_DELAY_NS <= arrival_ns + 1, "the line is below every arrival");
        let error_ns = (time.ns - exposure_ns).abs();
        let within = u32::from(error_ns <= i64::from(time.uncertainty_ns));
        (errors.within, errors.seen) = (errors.within + within, errors.seen + 1);
        if exposure_ns < 5_000_000_000 {
            errors.early = (errors.early.0 + within, errors.early.1 + 1);
        } else {
            errors.settled_ns.push(error_ns);
            errors.uncertainties_ns.push(time.uncertainty_ns);
        }
    }
    let drift_ppm = model.drift_ppm().unwrap();
    assert!((drift_ppm - device.drift_ppm).abs() < 20.0, "drift {drift_ppm} of {}", device.drift_ppm);
}

#[test]
fn the_clock_model_follows_drift_under_one_sided_delays_and_bunches() {
    for delays in [Delays::Uniform, Delays::Exponential] {
        for bunches in [false, true] {
            for rate_hz in [25.0, 60.0, 100.0, 200.0] {
                // Errors within a window of a run are correlated, so shares are computed over many runs.
                let mut errors = Errors::default();
                for drift_ppm in [-100.0, -3.0, 0.0, 100.0] {
                    // Counters of nanoseconds, of microseconds that wrap during the run, and one that wraps every two seconds.
                    for (bits, tick_ns, begin) in
                        [(64, 1.0, 0), (32, 1e3, u64::from(u32::MAX) - 5_000_000), (24, 125.0, 77)]
                    {
                        for seed in 0..8 {
                            let device = Device { drift_ppm, bits, begin, tick_ns };
                            follow(&device, rate_hz, delays, bunches, seed, &mut errors);
                        }
                    }
                }
                errors.settled_ns.sort_unstable();
                errors.uncertainties_ns.sort_unstable();
                let within = f64::from(errors.within) / f64::from(errors.seen);
                let early = f64::from(errors.early.0) / f64::from(errors.early.1);
                let p99_ns = errors.settled_ns[errors.settled_ns.len() * 99 / 100];
                println!(
                    "{delays:?}, bunches {bunches}, {rate_hz} Hz: p99 {} µs, worst {} µs after 5 s; {within:.3} within \
                     their uncertainty, {early:.3} before, median {} µs",
                    p99_ns / 1000,
                    errors.settled_ns[errors.settled_ns.len() - 1] / 1000,
                    errors.uncertainties_ns[errors.uncertainties_ns.len() / 2] / 1000
                );
                assert!(within >= 0.95 && early >= 0.95, "{within}, {early}");
                assert!(p99_ns < 200_000, "{p99_ns} ns");
            }
        }
    }
}

#[test]
fn a_device_that_starts_anew_is_noticed() {
    let mut model = ClockModel::new(ClockConfig::new(1.0, 64));
    let period_ns = 20_000_000;
    for k in 0..50 {
        assert_eq!(model.observe(7_000_000_000 + k * period_ns, (k * period_ns) as i64), Observation::Consistent);
    }
    assert!(model.map(8_000_000_000, 1_000_000_000).is_some());
    assert_eq!(model.device_ns(8_000_000_000, 1_000_000_000), Some(8_000_000_000));
    assert_eq!(model.observe(0, 1_000_000_000), Observation::Restarted);
    assert_eq!(model.map(0, 1_000_000_000), None, "nothing is said until enough was seen");
    for k in 1..50 {
        assert_eq!(model.observe(k * period_ns, (1_000_000_000 + k * period_ns) as i64), Observation::Consistent);
    }
    assert_eq!(model.map(0, 1_000_000_000).map(|time| time.ns), Some(1_000_000_000));
}

/// A forward jump of a clock is noticed at once, a backward one within a second; a stall of the host is not a jump.
#[test]
fn jumps_of_a_clock_are_noticed_and_stalls_are_none() {
    // At 50 Hz, from frame 50 on the device's clock is ahead by the one, and frames are held back for the other.
    let noticed = |jump_ns: i64, held_ns: i64| {
        let mut model = ClockModel::new(ClockConfig::new(1.0, 64));
        (0..200i64).find(|&k| {
            let exposure_ns = 10_000_000_000 + k * 20_000_000;
            let shown = (exposure_ns + if k < 50 { 0 } else { jump_ns }) as u64;
            let held = k >= 50 && k * 20_000_000 < 1_000_000_000 + held_ns;
            let arrival_ns = if held { 11_000_000_000 + held_ns } else { exposure_ns };
            let observation = model.observe(shown, arrival_ns);
            assert_ne!(observation, Observation::Restarted, "the counter never went back far");
            observation == Observation::Jumped
        })
    };
    assert_eq!((noticed(0, 0), noticed(0, 400_000_000), noticed(0, 1_900_000_000)), (None, None, None));
    assert_eq!(noticed(300_000_000, 0), Some(50));
    assert_eq!(noticed(-210_000_000, 0), Some(101), "more than a second after frame 50, the first that was late");
    assert_eq!(noticed(-150_000_000, 0), None, "below the limit it is a delay like others");
}
