//! The trigger box over a pseudo-terminal: the shipped firmware's logic against the host's side.

#[path = "trigger_box/simulated_box.rs"]
mod simulated_box;

use std::thread;
use std::time::{Duration, Instant};

use capture::trigger::{TriggerBox, TriggerBoxSettings};
use capture::{TriggerError, TriggerSource};
use frame::monotonic_now_ns;
use frame_sync::timing::PulseTrain;

use simulated_box::SimulatedBox;

const RATE_HZ: f64 = 60.0;
/// Longest wait for pulses that must come.
const DEADLINE: Duration = Duration::from_secs(10);

fn open(simulated: &SimulatedBox) -> TriggerBox {
    TriggerBox::open(TriggerBoxSettings::new(simulated.path(), RATE_HZ)).unwrap()
}

/// The host sends nothing to the box for this long.
fn asks_nothing_for(milliseconds: u64) {
    thread::sleep(Duration::from_millis(milliseconds));
}

/// The box stays unplugged for this long.
fn stays_away_for(milliseconds: u64) {
    thread::sleep(Duration::from_millis(milliseconds));
}

/// Waits until the box has sent this many pulses since it started.
fn until_pulses(simulated: &SimulatedBox, pulses: usize) -> Vec<i64> {
    let begun = Instant::now();
    loop {
        let sent = simulated.pulses();
        if sent.len() >= pulses {
            return sent;
        }
        assert!(begun.elapsed() < DEADLINE, "{} of {pulses} pulses within {DEADLINE:?}", sent.len());
        thread::sleep(Duration::from_millis(5));
    }
}

fn known(trigger: &mut TriggerBox) -> PulseTrain {
    trigger.pulses().unwrap().expect("the readings before the start are enough")
}

/// Waits until the box is lost and returns the reason; panics after `within`.
fn lost(trigger: &mut TriggerBox, within: Duration) -> String {
    let begun = Instant::now();
    while begun.elapsed() < within {
        match trigger.pulses() {
            Ok(_) => asks_nothing_for(50),
            Err(TriggerError::Lost(words)) => return words,
            Err(error) => panic!("{error}"),
        }
    }
    panic!("not lost within {within:?}");
}

/// How far each pulse after `since_ns` was from its time in the train, in ns.
fn errors_ns(train: &PulseTrain, pulses: &[i64], since_ns: i64) -> Vec<f64> {
    pulses
        .iter()
        .filter(|&&ns| ns > since_ns)
        .map(|&ns| {
            // Numbered from the first pulse, independently of the train.
            let number = ((ns - pulses[0]) as f64 * RATE_HZ * 1e-9).round();
            ns as f64 - (train.start_ns as f64 + number * train.period_ns)
        })
        .collect()
}

#[test]
fn pulses_are_where_the_host_says() {
    // The first counter wraps after three seconds.
    for (first_ticks, drift_ppm) in [(u32::MAX - 3_000_000, 100.0), (77, -100.0)] {
        let simulated = SimulatedBox::start(first_ticks, drift_ppm);
        let mut trigger = open(&simulated);
        assert_eq!(trigger.board(), Some("simulated"));
        trigger.start().unwrap();
        let looks: Vec<(PulseTrain, i64)> = (0..24)
            .map(|_| {
                asks_nothing_for(250);
                (known(&mut trigger), monotonic_now_ns())
            })
            .collect();
        let sent = simulated.pulses();

        // A busy machine makes the simulated box late, never early: the earliest pulses tell when all were due.
        let period_ns = 1e9 / RATE_HZ / (1.0 + drift_ppm * 1e-6);
        let number = |ns: i64| ((ns - sent[0]) as f64 / period_ns).round();
        let first_ns = sent.iter().map(|&ns| ns as f64 - number(ns) * period_ns).fold(f64::INFINITY, f64::min);
        let mut errors = Vec::new();
        let mut outside = 0;
        for (train, now_ns) in &looks {
            for pulse in (0..10_000).map(f64::from) {
                let due_ns = first_ns + pulse * period_ns;
                if (now_ns - 250_000_000..now_ns + 250_000_000).contains(&(due_ns as i64)) {
                    let error_ns = (train.start_ns as f64 + pulse * train.period_ns - due_ns).abs();
                    outside += usize::from(error_ns > f64::from(train.uncertainty_ns));
                    errors.push(error_ns);
                }
            }
        }
        errors.sort_by(f64::total_cmp);
        let (checked, middle, most) = (errors.len(), errors[errors.len() / 2], errors[errors.len() * 95 / 100]);
        let mut widths: Vec<u32> = looks.iter().map(|(train, _)| train.uncertainty_ns).collect();
        widths.sort();
        eprintln!(
            "{drift_ppm} ppm: {checked} pulses, {outside} outside of their uncertainty (median {} ns); errors: median \
             {middle:.0} ns, 95 % below {most:.0} ns, worst {:.0} ns",
            widths[widths.len() / 2],
            errors[checked - 1]
        );
        assert!(checked > 600, "{checked}");
        assert!(outside * 20 <= checked, "{outside} of {checked} outside of their uncertainty");
        assert!(most < 500_000.0, "{most} ns");
        // The outputs match it.
        let mut late: Vec<f64> = errors_ns(&looks[23].0, &sent, looks[20].1);
        late.sort_by(f64::total_cmp);
        assert!(late[late.len() / 2].abs() < 500_000.0, "{} ns", late[late.len() / 2]);

        trigger.stop();
        let stopped_ns = monotonic_now_ns();
        asks_nothing_for(150);
        assert!(simulated.pulses().iter().all(|&ns| ns < stopped_ns), "stopped");
    }
}

#[test]
fn lost_answers_and_garbage_are_survived() {
    let simulated = SimulatedBox::start(0, 20.0);
    let mut trigger = open(&simulated);
    simulated.send_garbage();
    simulated.lose_answers(1);
    trigger.start().unwrap();
    for _ in 0..20 {
        simulated.lose_answers(1);
        let train = known(&mut trigger);
        let since_ns = monotonic_now_ns();
        let sent = until_pulses(&simulated, simulated.pulses().len() + 6);
        for error_ns in errors_ns(&train, &sent, since_ns) {
            assert!(error_ns.abs() < 0.25e9 / RATE_HZ, "{error_ns} ns");
        }
    }
}

#[test]
fn pulses_that_the_box_leaves_out_are_told() {
    let simulated = SimulatedBox::start(0, 0.0);
    let mut trigger = open(&simulated);
    trigger.start().unwrap();
    until_pulses(&simulated, 12);
    known(&mut trigger);
    let before = trigger.skipped();
    simulated.hang(Duration::from_millis(150));
    let back_ns = monotonic_now_ns();
    let sent = until_pulses(&simulated, simulated.pulses().len() + 6);
    let train = known(&mut trigger);
    let skipped = trigger.skipped() - before;
    assert!((7..=10).contains(&skipped), "{skipped} of the nine pulses in 150 ms");
    // The pulse that was due when it went on may be late.
    for error_ns in errors_ns(&train, &sent, back_ns + 10_000_000) {
        assert!(error_ns.abs() < 0.25e9 / RATE_HZ, "the others keep their numbers: {error_ns} ns");
    }
}

#[test]
fn a_box_that_starts_anew_has_lost_its_train() {
    let simulated = SimulatedBox::start(0, 0.0);
    let mut trigger = open(&simulated);
    trigger.start().unwrap();
    known(&mut trigger);
    simulated.reboot();
    assert!(lost(&mut trigger, Duration::from_secs(2)).contains("restarted"));
    assert!(matches!(trigger.pulses(), Err(TriggerError::Lost(_))), "until it is started again");
    trigger.start().unwrap();
    let sent = until_pulses(&simulated, 4);
    assert!(errors_ns(&known(&mut trigger), &sent, 0).len() >= 4);
}

#[test]
fn a_silent_box_is_lost_and_its_pulses_go_on() {
    let simulated = SimulatedBox::start(0, 0.0);
    let mut trigger = open(&simulated);
    trigger.start().unwrap();
    simulated.be_silent(true);
    assert!(lost(&mut trigger, Duration::from_secs(2)).contains("does not answer"));
    let lost_ns = monotonic_now_ns();
    let sent = until_pulses(&simulated, simulated.pulses().len() + 12);
    assert!(sent.iter().any(|&ns| ns > lost_ns));
}

#[test]
fn a_cable_is_pulled_and_put_back() {
    let simulated = SimulatedBox::start(0, 0.0);
    let mut trigger = open(&simulated);
    trigger.start().unwrap();
    until_pulses(&simulated, 6);
    let old = known(&mut trigger);
    simulated.pull_cable();
    assert!(lost(&mut trigger, Duration::from_secs(2)).contains("is gone"));
    let error = trigger.start().unwrap_err().to_string();
    assert!(error.contains("there is no trigger box at") && error.contains("plug it in"), "{error}");
    stays_away_for(200);
    simulated.plug_in();
    trigger.start().unwrap();
    let new = known(&mut trigger);
    assert!(new.start_ns > old.start_ns + 200_000_000, "a new train");
}

#[test]
fn the_watchdog_ends_pulses_that_nobody_asks_after() {
    let simulated = SimulatedBox::start(0, 0.0);
    let settings = TriggerBoxSettings { watchdog_s: 1, ..TriggerBoxSettings::new(simulated.path(), RATE_HZ) };
    let mut trigger = TriggerBox::open(settings).unwrap();
    trigger.start().unwrap();
    for _ in 0..8 {
        asks_nothing_for(200);
        known(&mut trigger);
    }
    asks_nothing_for(1300);
    assert!(lost(&mut trigger, Duration::from_millis(1)).contains("watchdog"));
}

#[test]
fn what_cannot_be_opened_says_what_to_do() {
    let simulated = SimulatedBox::start(0, 0.0);
    let open = |path: &str| TriggerBox::open(TriggerBoxSettings::new(path, RATE_HZ)).err().unwrap().to_string();
    let first = TriggerBox::open(TriggerBoxSettings::new(simulated.path(), RATE_HZ)).unwrap();
    let error = open(&simulated.path());
    assert!(error.contains("in use by another program") && error.contains("fuser"), "{error}");
    drop(first);
    simulated.be_silent(true);
    let error = open(&simulated.path());
    assert!(error.contains("does not answer as a trigger box") && error.contains("firmware"), "{error}");
    let error = open("/dev/null");
    assert!(error.contains("cannot be opened as a serial line"), "{error}");

    simulated.be_silent(false);
    let wide = TriggerBoxSettings { width_us: 20_000, ..TriggerBoxSettings::new(simulated.path(), RATE_HZ) };
    let error = TriggerBox::open(wide).unwrap().start().unwrap_err().to_string();
    assert!(error.contains("refuses `arm` (width-above-period)"), "{error}");
}
