//! The learner's start as seen by the session, and commands that are handed over to its program.

use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use genlock_tests::{Running, eventually, fail, footage, genlock, json, kill, until_recorded};

#[test]
fn a_wrong_recipe_is_refused_before_anything_runs() {
    let Some(footage) = footage() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (recipe, data) = (folder.path().join("mine.toml"), folder.path().join("data"));
    for (text, key) in [
        ("[optimiser]\nlr = 1.0", "`lr`"),
        ("[evaluation]\npairs = 1", "mine.toml, evaluation.pairs: must be at least 2"),
    ] {
        std::fs::write(&recipe, text).unwrap();
        let mut command = genlock(["demo", "--headless", "--rate", "15", "--seconds", "60", "--footage"]);
        let said = fail(command.arg(&footage).arg("--data").arg(&data).arg("--recipe").arg(&recipe));
        assert!(said.contains("mine.toml") && said.contains(key) && said.contains("demo-cpu.toml"), "{said}");
        assert!(!data.join("takes").exists(), "nothing was recorded");
    }
}

#[test]
fn commands_that_are_handed_over_tell_their_usage_as_they_are_typed() {
    let said = |words: &[&str]| {
        let output = genlock(words).output().unwrap();
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    for (words, usage) in [
        (&["infer", "--help"][..], "Usage: genlock infer [OPTIONS] --out <DIR> <TAKE>"),
        (&["infer"], "Usage: genlock infer [OPTIONS] --out <DIR> <TAKE>"),
        (&["eval", "--help"], "Usage: genlock eval [OPTIONS]"),
        (&["sync-offset", "--wrong"], "Usage: genlock sync-offset [OPTIONS] <TAKE>"),
    ] {
        let said = said(words);
        assert!(said.contains(usage) && !said.contains("genlock-learn"), "{words:?}: {said}");
    }
}

#[test]
fn a_session_that_ends_during_the_learners_start_does_not_wait_for_it() {
    let Some(footage) = footage() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (data, report) = (folder.path().join("data"), folder.path().join("report.json"));
    // A start-up that never ends by itself: the checkpoint is a pipe into which nobody writes.
    let pipe = data.join("learner/learner.safetensors");
    std::fs::create_dir_all(pipe.parent().unwrap()).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let takes = folder.path().join("takes");
    let mut command = genlock(["demo", "--headless", "--rate", "15", "--footage"]);
    command.arg(&footage).arg("--data").arg(&data).arg("--report").arg(&report).arg("--record").arg(&takes);
    let session = Running::start(&mut command);
    let mut writer = std::fs::OpenOptions::new();
    // Non-blocking, this end can only be opened once the other end is open.
    writer.write(true).custom_flags(libc::O_NONBLOCK);
    let _open = eventually("the learner at its checkpoint", Duration::from_secs(120), || writer.open(&pipe).ok());
    // A session without a frame would end with an error.
    until_recorded(&takes, 0..4, 1);
    kill(session.0.id(), libc::SIGTERM);
    assert!(session.finish(Duration::from_secs(60)).success());
    let report = json(&report);
    assert_eq!(report["events"].as_array().unwrap().len(), 0, "{}", report["events"]);
    assert_eq!(report["pretrain"]["restarts"], 0);
}
