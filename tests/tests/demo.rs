//! The whole path of a frame on the real footage, with the real binaries.

use std::path::Path;
use std::time::{Duration, Instant};

use frame::CameraId;
use genlock_tests::{
    Running, check_accounts, children, eventually, footage, genlock, json, kill, quick_recipe, recorded, succeed,
    until_recorded,
};
use serde_json::Value;
use take::TakeReader;

/// Timeout for starting the learner and making a few steps on a busy machine.
const LEARNING: Duration = Duration::from_secs(180);

fn demo(footage: &Path, folder: &Path, words: &[&str]) -> std::process::Command {
    let mut command = genlock(["demo", "--rate", "15", "--footage"]);
    command.arg(footage).arg("--data").arg(folder.join("data")).arg("--report").arg(folder.join("report.json"));
    command.args(words);
    command
}

fn gaps(take: &Path) -> usize {
    let take = take::inspect(take).unwrap();
    take.cameras.iter().map(|camera| camera.gaps.len()).sum()
}

#[test]
fn a_session_learns_records_and_replays_with_the_same_indices() {
    let Some(footage) = footage() else { return };
    let folder = tempfile::tempdir().unwrap();
    let recipe = quick_recipe(folder.path());
    let began = Instant::now();
    let session = Running::start(demo(&footage, folder.path(), &["--headless", "--recipe"]).arg(recipe));
    let checkpoint = folder.path().join("data/learner/learner.safetensors");
    eventually("a first checkpoint", LEARNING, || checkpoint.is_file().then_some(()));
    until_recorded(&folder.path().join("data/takes"), 0..4, 200);
    kill(session.0.id(), libc::SIGTERM);
    assert!(session.finish(Duration::from_secs(60)).success());
    let report = json(&folder.path().join("report.json"));
    check_accounts(&report);
    let cameras = report["cameras"].as_array().unwrap();
    assert_eq!(cameras.len(), 4);
    assert!(cameras.iter().all(|camera| camera["produced"].as_u64().unwrap() > 150));
    assert!(report["sets"]["complete"].as_u64().unwrap() > 150, "{}", report["sets"]);
    assert!(report["pretrain"]["steps"].as_u64().unwrap() > 0, "{}", report["pretrain"]);
    let first_step_s = report["pretrain"]["first_step_s"].as_f64().expect("it made steps");
    // It needs 48 instants at 15 Hz, of which some are held out.
    assert!(first_step_s > 3.0 && first_step_s < began.elapsed().as_secs_f64(), "{}", report["pretrain"]);
    assert_eq!(report["pretrain"]["restarts"], 0);
    assert_eq!(report["infer"]["poses"], 0, "no pose without a pose model");
    assert!(report["infer"]["state"].as_str().unwrap().contains("genlock finetune"));

    let original = recorded(&report);
    let mut replay = genlock(["demo", "--headless", "--no-learner", "--from"]);
    replay.arg(&original).arg("--data").arg(folder.path().join("replay"));
    replay.arg("--report").arg(folder.path().join("replay.json"));
    succeed(&mut replay);
    let replayed = json(&folder.path().join("replay.json"));
    check_accounts(&replayed);
    assert_eq!(replayed["pretrain"]["first_step_s"], Value::Null, "there was no learner");
    let (a, b) = (TakeReader::open(&original).unwrap(), TakeReader::open(recorded(&replayed)).unwrap());
    for camera in (0..4).map(CameraId) {
        assert_eq!(a.len(camera), b.len(camera));
        for i in 0..a.len(camera) {
            let ((x, pixels), (y, same)) = (a.read(camera, i).unwrap(), b.read(camera, i).unwrap());
            assert_eq!((x.trigger, x.segment, x.source), (y.trigger, y.segment, y.source), "frame {i} of {camera}");
            assert!(pixels == same, "the bytes of frame {i} of {camera} differ");
        }
    }
}

#[test]
fn a_killed_learner_costs_no_frame_and_goes_on_from_its_checkpoint() {
    let Some(footage) = footage() else { return };
    let folder = tempfile::tempdir().unwrap();
    let recipe = quick_recipe(folder.path());
    let mut command = demo(&footage, folder.path(), &["--headless", "--recipe"]);
    let session = Running::start(command.arg(recipe));
    let checkpoint = folder.path().join("data/learner/learner.safetensors");
    let written = || std::fs::metadata(&checkpoint).ok()?.modified().ok();
    let first = eventually("a first checkpoint", LEARNING, written);
    let learner = children(session.0.id()).into_iter().find(|(_, words)| words.contains(" pretrain ")).unwrap().0;
    kill(learner, libc::SIGKILL);
    eventually("a checkpoint after the restart", LEARNING, || written().filter(|&at| at > first));
    kill(session.0.id(), libc::SIGTERM);
    assert!(session.finish(Duration::from_secs(60)).success());
    let report = json(&folder.path().join("report.json"));
    check_accounts(&report);
    assert_eq!(gaps(&recorded(&report)), 0);
    assert!(report["cameras"].as_array().unwrap().iter().all(|camera| camera["not_recorded"] == serde_json::json!({})));
    let pretrain = &report["pretrain"];
    assert_eq!(pretrain["restarts"], 1, "{pretrain}");
    let resumed = pretrain["resumed_from_step"].as_u64().expect("it went on from a checkpoint");
    assert!(resumed >= 1 && pretrain["steps"].as_u64().unwrap() > resumed, "{pretrain}");
    assert!(report["events"].as_array().unwrap().iter().any(|e| e.as_str().unwrap().contains("signal 9")));
    let take = TakeReader::open(recorded(&report)).unwrap();
    assert!(take.notes().iter().any(|note| note.kind == "process-died"), "the take tells of it");
}

#[test]
fn a_killed_session_leaves_a_readable_take_and_no_process() {
    let Some(footage) = footage() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut command = demo(&footage, folder.path(), &["--headless"]);
    let mut session = Running::start(&mut command);
    let offspring = eventually("both processes", Duration::from_secs(10), || {
        let offspring = children(session.0.id());
        (offspring.len() == 2).then_some(offspring)
    });
    let take = until_recorded(&folder.path().join("data/takes"), 0..4, 40);
    session.0.kill().unwrap();
    session.0.wait().unwrap();
    for (pid, words) in offspring {
        eventually(&format!("the end of {words}"), Duration::from_secs(30), || {
            let alive = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).is_ok_and(|now| !now.is_empty());
            (!alive).then_some(())
        });
    }
    let inspection: Value = serde_json::from_str(&succeed(genlock(["inspect", "--json"]).arg(&take))).unwrap();
    assert_eq!(inspection["complete"], false);
    for camera in inspection["cameras"].as_array().unwrap() {
        assert!(camera["frames"].as_u64().unwrap() > 30, "{camera}");
        assert_eq!(camera["gaps"].as_array().unwrap().len(), 0, "{camera}");
    }
    let reader = TakeReader::open(&take).unwrap();
    let last = reader.len(CameraId(0)) - 1;
    assert_eq!(&reader.read(CameraId(0), last).unwrap().1[..2], &[0xff, 0xd8]);
}

#[test]
fn a_session_that_is_stopped_while_the_rate_is_measured_reports_all_the_same() {
    let Some(footage) = footage() else { return };
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.json");
    let mut command = genlock(["demo", "--headless", "--no-learner", "--rate", "auto", "--footage"]);
    command.arg(&footage).arg("--data").arg(folder.path().join("data")).arg("--report").arg(&report);
    let session = Running::start(&mut command);
    let threads = format!("/proc/{}/task", session.0.id());
    let name = |thread: std::fs::DirEntry| std::fs::read_to_string(thread.path().join("comm")).unwrap_or_default();
    eventually("four cameras in the trial", Duration::from_secs(60), || {
        let threads = std::fs::read_dir(&threads).ok()?.flatten().map(name);
        (threads.filter(|name| name.starts_with("camera-")).count() == 4).then_some(())
    });
    kill(session.0.id(), libc::SIGINT);
    // It was stopped normally, and is empty.
    assert_eq!(session.finish(Duration::from_secs(60)).code(), Some(1));
    let report = json(&report);
    assert_eq!(report["recording"], Value::Null);
    assert!(
        report["events"].as_array().unwrap().iter().any(|e| e.as_str().unwrap().contains("before the rate")),
        "{report}"
    );
    assert_eq!(report["cameras"].as_array().unwrap().len(), 4);
}

#[test]
fn the_example_is_found_without_a_word_and_the_trial_of_the_rate_takes_none_of_the_seconds() {
    let Some(footage) = footage() else { return };
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    std::fs::create_dir(&cache).unwrap();
    std::os::unix::fs::symlink(footage.canonicalize().unwrap(), cache.join("take-pose2sim-0")).unwrap();
    // The trial takes five seconds by itself.
    let mut command = genlock(["demo", "--headless", "--no-learner", "--rate", "auto", "--seconds", "5"]);
    command.arg("--data").arg(folder.path().join("data")).env("GENLOCK_CACHE", &cache);
    command.arg("--report").arg(folder.path().join("report.json"));
    succeed(&mut command);
    let report = json(&folder.path().join("report.json"));
    check_accounts(&report);
    // On a busy machine, opening the cameras takes some of these seconds.
    assert!(report["wall_s"].as_f64().unwrap() >= 4.9, "{}", report["wall_s"]);
    assert!(report["recording"]["frames"].as_u64().unwrap() > 0, "{}", report["recording"]);
}
