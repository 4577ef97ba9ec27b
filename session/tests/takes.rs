//! Takes that begin and end while simulated cameras run.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use calibration_free_config::Rig;
use session::{NoTake, Outcome, RecordingBegins, RecordingPlan, Session, SessionPlan, Sinks};
use take::inspect;

const RIG: &str = r#"
version = 1
name = "two-cameras"
[trigger]
mode = "hardware"
rate-hz = 30.0
[[camera]]
name = "left"
driver = "simulated"
[[camera]]
name = "right"
driver = "simulated"
"#;

fn start(folder: &Path, begins: RecordingBegins, budget_bytes: u64) -> Session {
    let (rig, _) = Rig::from_toml_str(RIG, "the test").unwrap();
    let recording =
        RecordingPlan { name: "test".into(), begins, folder: folder.to_owned(), budget_bytes, rig_toml: None };
    let plan = SessionPlan { recording: Some(recording), ..SessionPlan::new(rig) };
    plan.open().unwrap().start(Sinks::default()).unwrap()
}

/// Runs until `enough`, at most 20 s.
fn run(session: &mut Session, mut enough: impl FnMut(&Session) -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    let never = crossbeam::channel::never();
    session.run(
        &never,
        Some(until),
        |session| {
            if enough(session) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        },
    );
    assert!(Instant::now() < until, "not within 20 s");
}

fn delivered(session: &Session) -> u64 {
    session.ledgers.iter().map(|ledger| ledger.capture.counts().left).min().unwrap()
}

fn recorded(session: &Session, frames: u64) -> bool {
    session.recorder.as_ref().is_some_and(|recorder| recorder.counters().frames() >= frames)
}

/// Frames of all takes, which must be those that the accounts say were recorded.
#[track_caller]
fn frames_accounted_for(outcome: &Outcome) -> u64 {
    let mut frames = 0;
    for take in &outcome.takes {
        let seen = inspect(&take.directory).unwrap();
        assert!(seen.complete && seen.torn_bytes == 0, "{seen:?}");
        let gaps: Vec<_> = seen.cameras.iter().flat_map(|camera| &camera.gaps).collect();
        assert!(gaps.is_empty(), "{gaps:?}");
        let held: u64 = seen.cameras.iter().map(|camera| camera.frames).sum();
        assert_eq!(held, take.counters.frames());
        frames += held;
    }
    let accounts = outcome.ledgers.iter().map(|ledger| ledger.recorder.counts());
    accounts.clone().for_each(|counts| assert_eq!(counts.entered, counts.left, "{counts:?}"));
    assert_eq!(frames, accounts.map(|counts| counts.left).sum::<u64>());
    frames
}

#[test]
fn takes_begin_and_end_while_cameras_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = start(folder.path(), RecordingBegins::OnRequest, 1_000_000_000);
    assert!(matches!(session.end_take(), Err(NoTake::Idle)));
    run(&mut session, |session| delivered(session) > 10);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "something was recorded unasked");

    let first = session.begin_take().unwrap();
    assert!(matches!(session.begin_take(), Err(NoTake::Recording(path)) if path == first));
    run(&mut session, |session| recorded(session, 20));
    let recorder = session.recorder.as_ref().unwrap();
    // Poses come late: these are of an instant before the take, and of one in it.
    assert!(recorder.poses(1, b"{}".to_vec()) && recorder.poses(frame::monotonic_now_ns(), b"{}".to_vec()));
    assert_eq!(session.end_take().unwrap(), first);
    let at_end = delivered(&session);
    run(&mut session, |session| delivered(session) > at_end + 10);
    let second = session.begin_take().unwrap();
    assert_ne!(first, second);
    run(&mut session, |session| recorded(session, 20));

    let outcome = session.stop();
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    assert_eq!(outcome.takes.iter().map(|take| &take.directory).collect::<Vec<_>>(), [&first, &second]);
    assert!(frames_accounted_for(&outcome) >= 40);
    let (first, second) = (inspect(&first).unwrap(), inspect(&second).unwrap());
    assert_eq!((first.pose_messages, second.pose_messages), (1, 0));
    for (before, after) in first.cameras.iter().zip(&second.cameras) {
        assert!(before.first_trigger > Some(5), "it holds what came before it was asked for");
        assert!(after.first_trigger > before.last_trigger.map(|last| last + 5), "what came between is in a take");
    }
    let said = outcome.prepared.events.texts().join("\n");
    assert!(said.contains("recording into ") && said.contains("recorded "), "{said}");
}

#[test]
fn a_take_whose_size_limit_is_reached_is_told_and_another_may_follow() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = start(folder.path(), RecordingBegins::WithSession, 1);
    run(&mut session, |session| delivered(session) > 10);
    let first = session.recorder.as_ref().unwrap().directory().to_owned();
    let second = session.begin_take().unwrap();
    assert_ne!(first, second);
    let outcome = session.stop();
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    assert_eq!(outcome.takes.len(), 2);
    let said = outcome.prepared.events.texts().join("\n");
    assert!(said.contains("its size limit is reached"), "{said}");
    let seen = inspect(&first).unwrap();
    assert!(seen.complete);
    let budget = |gap: &take::GapInspection| gap.reason == frame::LossReason::Budget.name();
    assert!(seen.cameras.iter().all(|camera| camera.gaps.iter().any(budget)), "{seen:?}");
}

#[test]
fn a_take_that_cannot_be_made_is_refused_and_the_session_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a-file");
    std::fs::write(&file, "").unwrap();
    let mut session = start(&file, RecordingBegins::OnRequest, 1_000_000_000);
    run(&mut session, |session| delivered(session) > 1);
    let refusal = session.begin_take().unwrap_err().to_string();
    assert!(refusal.starts_with("nothing can be recorded: ") && refusal.contains("a-file"), "{refusal}");
    let before = delivered(&session);
    run(&mut session, |session| delivered(session) > before);
    let outcome = session.stop();
    assert!(outcome.errors.is_empty() && outcome.takes.is_empty());
}
