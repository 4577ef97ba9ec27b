//! Tests of the protocol and of the handling of a box's answers, on simulated time.

use frame_sync::timing::{Observation, RoundTripClock, RoundTripConfig};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::box_train::{Ticks, Train, TrainEnd, near};
use super::protocol::{Answer, Command, Hello, Lines, Period, Reading, Started, State, Status};
use super::serial_box::recognise;
use super::serial_line::not_opened;

const SIXTY_HZ: Period = Period { ticks: 1_000_000_000, pulses: 60_000 };

fn answer(line: &str) -> Option<Answer> {
    Answer::parse(line.as_bytes())
}

#[test]
fn a_period_is_a_ratio() {
    assert_eq!(Period::at_rate(60.0, 1_000_000), Some(SIXTY_HZ));
    assert_eq!(Period::at_rate(29.97, 1_000_000), Some(Period { ticks: 1_000_000_000, pulses: 29_970 }));
    assert_eq!(Period::at_rate(60.0, 5_000_000), None, "more ticks than 32 bits hold");
    assert_eq!(Period::at_rate(f64::NAN, 1_000_000), None);
    assert_eq!(Period::at_rate(-1.0, 1_000_000), None);
}

// The checksums below were computed by the firmware.
#[test]
fn answers_are_read_and_damaged_ones_are_not() {
    let hello = answer("1 ok genlock-trigger-box 1 1000000 3 x *1A24").unwrap();
    assert_eq!(hello.sequence, 1);
    let expected = Hello { version: 1, ticks_per_second: 1_000_000, outputs: 3, board: "x".to_owned() };
    assert_eq!(Hello::parse(&hello.said.unwrap()), Some(expected));
    let started = answer("4 ok 62704 52704 *EBC0").unwrap().said.unwrap();
    assert_eq!(Started::parse(&started), Some(Started { first: 62704, now: 52704 }));
    let reading = answer("6 ok 0000092704 0000000007 *DB34").unwrap().said.unwrap();
    assert_eq!(Reading::parse(&reading), Some(Reading { now: 92704, train: 7 }));
    assert_eq!(answer("7 no running *E744").unwrap().said, Err("running".to_owned()));
    assert_eq!(answer("4 ok 62704 52705 *EBC0"), None);
    assert_eq!(answer("4 ok 62704 52704"), None);
    assert_eq!(Hello::parse("some-other-device 1 1000000 3 x"), None);
}

#[test]
fn the_clock_is_asked_in_as_many_bytes_as_it_answers() {
    for (sequence, answer) in
        [(6, "6 ok 0000092704 0000000007 *DB34\n"), (65535, "65535 ok 4294967295 4294967295 *0000\n")]
    {
        assert_eq!(Command::Clock.line(sequence).len(), answer.len());
    }
}

proptest! {
    #[test]
    fn garbage_is_no_answer_and_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut lines = Lines::default();
        for &byte in &bytes {
            if let Some(line) = lines.push(byte) {
                prop_assert!(line.len() <= 128);
                prop_assert_eq!(Answer::parse(&line), None);
            }
        }
        // A valid line after garbage is still understood.
        prop_assert_eq!(lines.push(b'\n').and_then(|line| Answer::parse(&line)), None);
        let said = b"7 no running *E744\n".iter().find_map(|&byte| lines.push(byte));
        prop_assert!(Answer::parse(&said.unwrap()).is_some());
    }

    #[test]
    fn any_words_are_read_or_refused(words in "[ a-z0-9*]{0,80}") {
        let _ = (Hello::parse(&words), Started::parse(&words), Reading::parse(&words), Status::parse(&words));
    }

    #[test]
    fn one_damaged_byte_is_seen(at in 0usize..30, flip in 1u8..=255) {
        let mut line = b"6 ok 0000092704 0000000007 *DB34".to_vec();
        line[at] ^= flip;
        prop_assert_eq!(Answer::parse(&line), None);
    }
}

/// A box on simulated time: its clock drifts by about 60 ppm, its pulses are on time.
struct SimulatedBox {
    first_shown: u32,
    drift_ppm: f64,
    wander_ppm: f64,
}

impl SimulatedBox {
    /// Exact ticks since the start, at a host time since the start in ns.
    fn ticks(&self, ns: f64) -> f64 {
        // A warming crystal: the rate settles with a time constant of ten minutes.
        let settle_ns = 600e9;
        let wander = self.wander_ppm * settle_ns * (1.0 - (-ns / settle_ns).exp());
        (ns + (ns * self.drift_ppm + wander) * 1e-6) / 1e3
    }

    fn shows(&self, ns: f64) -> u32 {
        (u64::from(self.first_shown) + self.ticks(ns) as u64) as u32
    }

    /// The host time, in ns, at which it has counted this many ticks.
    fn ns_at(&self, ticks: f64) -> f64 {
        let mut ns = ticks * 1e3;
        for _ in 0..20 {
            ns += (ticks - self.ticks(ns)) * 1e3;
        }
        ns
    }
}

/// Two hours with two wraps of the counter and a status query every 0.4 s: compares the errors of pulses near each
/// query with their uncertainty.
#[test]
fn pulses_stay_within_their_uncertainty_for_two_hours() {
    const HOST_NS: i64 = 5_000_000_000_000;
    let simulated = SimulatedBox { first_shown: u32::MAX - 3_000_000, drift_ppm: 60.0, wander_ppm: -20.0 };
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let mut ticks = Ticks::new(1_000_000);
    let mut clock = RoundTripClock::new(RoundTripConfig::new(ticks.tick_ns(), 64));
    let first_ticks = 500_000;
    let first_shown = simulated.first_shown.wrapping_add(first_ticks);

    let (mut train, mut checked, mut outside, mut worst_ns, mut widest_ns) = (None, 0, 0, 0.0f64, 0);
    for look in 0..18_000 {
        let mut begun_ns = f64::from(look) * 0.4e9;
        for _ in 0..2 {
            // 0.2 to 0.6 ms each way, often 3 ms more on the way back: delays that would spoil an average.
            let there_ns = rng.random_range(0.2e6..0.6e6);
            let back_ns = rng.random_range(0.2e6..0.6e6) + if rng.random_bool(0.3) { 3e6 } else { 0.0 };
            let shown = simulated.shows(begun_ns + there_ns);
            let after_ns = begun_ns + there_ns + back_ns;
            let now = ticks.see(shown, HOST_NS + after_ns as i64);
            let observed = clock.observe(HOST_NS + begun_ns as i64, now as u64, HOST_NS + after_ns as i64);
            assert_eq!(observed, Observation::Consistent);
            let train: &mut Train = train.get_or_insert_with(|| Train::new(7, near(first_shown, now), SIXTY_HZ));
            if let Some(pulses) = train.pulses(&clock, ticks.tick_ns(), now, HOST_NS + after_ns as i64) {
                let latest = ((after_ns - simulated.ns_at(f64::from(first_ticks))) * 60e-9) as i64;
                for pulse in (latest - 30).max(0)..latest + 30 {
                    let due = f64::from(first_ticks) + (pulse * 1_000_000 / 60) as f64;
                    let truth_ns = HOST_NS as f64 + simulated.ns_at(due);
                    let error_ns = (pulses.start_ns as f64 + pulse as f64 * pulses.period_ns - truth_ns).abs();
                    checked += 1;
                    outside += u32::from(error_ns > f64::from(pulses.uncertainty_ns));
                    if look >= 10 {
                        worst_ns = worst_ns.max(error_ns);
                        widest_ns = widest_ns.max(pulses.uncertainty_ns);
                    }
                }
            }
            begun_ns = after_ns;
        }
    }
    eprintln!(
        "{checked} pulses, {outside} outside; after 4 s worst {worst_ns:.0} ns, uncertainty up to {widest_ns} ns"
    );
    assert!(checked > 2_000_000);
    assert!(f64::from(outside) < 0.05 * f64::from(checked), "{outside} of {checked} outside of their uncertainty");
    assert!(worst_ns < 500_000.0, "{worst_ns} ns");
}

fn running(sent: u32, missed: u32, last: u32, now: u32) -> Status {
    Status { state: State::Running, train: 7, sent, missed, first: 1000, last, late: 5, now }
}

#[test]
fn counts_and_times_of_pulses_must_agree() {
    // 100 pulses a second, from 1000 on; now is half a period after pulse 99.
    let train = || Train::new(7, 1000, Period { ticks: 1_000_000, pulses: 100 });
    let check = |status: Status| train().check(&status, i64::from(status.now));
    let (last, now) = (1000 + 99 * 10_000, 1000 + 99 * 10_000 + 5000);
    assert_eq!(check(running(100, 0, last, now)), Ok(0));
    assert_eq!(check(running(100, 0, last + 5, now)), Ok(0), "late, as reported");
    assert_eq!(check(running(99, 0, last - 10_000, last)), Ok(0), "the one that is due right now");
    assert_eq!(check(running(97, 3, last, now)), Ok(3));
    assert_eq!(check(running(97, 0, last, now)), Ok(3), "skipped, but not reported");
    assert_eq!(check(running(150, 0, last, now)), Err(TrainEnd::TooMany { counted: 150, due: 100 }));
    assert_eq!(check(running(100, 0, last + 6, now)), Err(TrainEnd::Misplaced(6)));
    assert_eq!(check(Status { train: 0, ..running(0, 0, 0, 0) }), Err(TrainEnd::BoxRestarted));
    assert_eq!(check(Status { train: 8, ..running(0, 0, 0, 0) }), Err(TrainEnd::Stopped));
    assert_eq!(check(Status { state: State::Idle, ..running(100, 0, last, now) }), Err(TrainEnd::Stopped));
    assert_eq!(check(Status { state: State::Expired, ..running(100, 0, last, now) }), Err(TrainEnd::WatchdogExpired));

    let mut train = train();
    assert_eq!(train.check(&running(97, 3, last, now), i64::from(now)), Ok(3));
    assert_eq!(train.check(&running(97, 3, last, now), i64::from(now)), Ok(0), "reported once");
}

#[test]
fn what_is_wrong_with_a_device_comes_with_a_remedy() {
    let words = |kind| not_opened("/dev/ttyACM0", &serialport::Error::new(kind, "")).to_string();
    let denied = words(serialport::ErrorKind::Io(std::io::ErrorKind::PermissionDenied));
    assert!(denied.contains("may not be opened") && denied.contains("dialout"), "{denied}");
    let missing = words(serialport::ErrorKind::Io(std::io::ErrorKind::NotFound));
    assert!(missing.contains("no trigger box at /dev/ttyACM0") && missing.contains("by-id"), "{missing}");
    let busy = words(serialport::ErrorKind::NoDevice);
    assert!(busy.contains("in use by another program"), "{busy}");

    let words = |said| recognise("/dev/ttyACM0", said).unwrap_err().to_string();
    for other in [None, Some("marlin 2.1")] {
        assert!(words(other).contains("does not answer as a trigger box"));
    }
    let newer = words(Some("genlock-trigger-box 2 1000000 15 rp2040"));
    assert!(newer.contains("version 2 of the protocol, not 1") && newer.contains("firmware"), "{newer}");
    assert!(recognise("/dev/ttyACM0", Some("genlock-trigger-box 1 1000000 15 rp2040")).is_ok());
}
