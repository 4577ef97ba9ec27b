//! `genlock-learn ablate` as a process: legs, shared trainings, the table, and refusals.

#[path = "../../learn/tests/rendered/studio.rs"]
mod studio;

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

const RECIPE: &str = r#"
title = "three rows, one of them twice"
reference = "b"
seeds = [0, 1]
full = ["transfer.samples=160"]
[base]
crop-px = 32
width = 8
precision = "f32"
[base.data]
store-px = 56
[base.augment]
backgrounds = 64
[base.sync]
samples = 96
takes = 2
times = 4
[base.transfer]
samples = 96
batch = 32
background = "removed"
[[row]]
name = "b"
what = "random"
paper = { mpjpe = 165.5, n-mpjpe = 145.4, p-mpjpe = 114.5 }
set = ["transfer.from=random"]
[[row]]
name = "d"
what = "SYNC"
paper = { mpjpe = 104.9, n-mpjpe = 91.7, p-mpjpe = 78.4 }
[[row]]
name = "e"
what = "flip alone"
set = ["sync.heads=flip"]
[[row]]
name = "g"
what = "the same as d"
[[row]]
name = "d-linear"
what = "its encoder, frozen"
set = ["transfer.train=linear"]
[[row]]
name = "r50"
what = "a larger one"
set = ["network=resnet-50"]
needs = "imagenet"
[[published]]
what = "somebody else"
paper = { n-mpjpe = 95.4 }
"#;

fn command(folder: &Path, words: &[&str]) -> Command {
    let recipe = folder.join("table.toml");
    std::fs::write(&recipe, RECIPE).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_genlock-learn"));
    command.arg("ablate").arg(recipe).arg("--out").arg(folder.join("out")).args(words);
    command
}

fn ablate(folder: &Path, words: &[&str]) -> Output {
    command(folder, words).arg("--session").arg(folder).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn table(folder: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder.join("out/table.json")).unwrap()).unwrap()
}

fn folders(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[test]
fn legs_end_in_a_table_and_nothing_is_trained_twice() {
    let folder = tempfile::tempdir().unwrap();
    studio::session(folder.path());
    // A leg of zero time takes one step and leaves a checkpoint.
    let leg = ablate(folder.path(), &["--minutes", "0", "--row", "d"]);
    assert!(leg.status.success() && text(&leg).contains("Leg ended at the pretraining of d-0"), "{}", text(&leg));
    assert!(folder.path().join("out/encoders/d-0/sync.safetensors").is_file());

    let seed = ablate(folder.path(), &["--seed", "0"]);
    assert!(seed.status.success(), "{}", text(&seed));
    assert_eq!(folders(&folder.path().join("out/rows")), ["b-0", "d-0", "d-linear-0", "e-0"]);
    assert_eq!(table(folder.path())["rows"][1]["ours"]["mpjpe"]["deviation"], Value::Null);

    let all = ablate(folder.path(), &[]);
    let words = text(&all);
    assert!(all.status.success() && !words.contains("d-0: MPJPE"), "seed 0 was there: {words}");
    let encoders = folder.path().join("out/encoders");
    assert_eq!(folders(&encoders), ["d-0", "d-1", "e-0", "e-1"]);
    let parts = ["| d ", "÷ b", "165.5", "a larger one (needs --imagenet)", "somebody else", "the mean pose"];
    for part in parts {
        assert!(words.contains(part), "{part} in: {words}");
    }
    let found = table(folder.path());
    let row = |index: usize| &found["rows"][index];
    assert_eq!(row(0)["ratio"], 1.0);
    assert!((row(1)["paper-ratio"].as_f64().unwrap() - 104.9 / 165.5).abs() < 1e-9);
    assert!(row(1)["ours"].is_object() && row(1)["ours"] == row(3)["ours"], "g is d: {found}");
    assert_ne!(row(1)["ours"], row(4)["ours"]);
    assert_eq!(row(1)["ours"]["mpjpe"]["seeds"].as_array().unwrap().len(), 2);
    assert_eq!(row(1)["sync-accuracy"], row(4)["sync-accuracy"], "they share their encoder");
    // A head that did not learn has no accuracy, nor has a row without pretraining.
    assert!(row(2)["sync-accuracy"].is_null() && row(2)["flip-accuracy"].is_object());
    assert!(row(0)["sync-accuracy"].is_null() && row(5)["ours"].is_null());

    let again = command(folder.path(), &["--table"]).output().unwrap();
    let lines = |output: &Output| -> Vec<String> {
        text(output).lines().filter(|line| line.starts_with('|')).map(str::to_owned).collect()
    };
    assert_eq!(lines(&again), lines(&all));

    let other = ablate(folder.path(), &["--set", "augment.shift=0.01"]);
    assert!(!other.status.success() && text(&other).contains("name another folder"), "{}", text(&other));
    let full = ablate(folder.path(), &["--full"]);
    assert!(!full.status.success() && text(&full).contains("samples = 160"), "{}", text(&full));
    let missing = ablate(folder.path(), &["--row", "x"]);
    assert!(!missing.status.success() && text(&missing).contains("no such row"), "{}", text(&missing));
    let weights = ablate(folder.path(), &["--row", "r50", "--set", "width=64", "--imagenet", "no-such-file"]);
    assert!(!weights.status.success() && text(&weights).contains("no-such-file"), "{}", text(&weights));
}

#[test]
fn a_signal_leaves_a_checkpoint_to_go_on_from() {
    let folder = tempfile::tempdir().unwrap();
    studio::session(folder.path());
    let words = ["--set", "sync.samples=2000000", "--row", "d", "--session"];
    let running = command(folder.path(), &words).arg(folder.path()).stdout(Stdio::piped()).spawn().unwrap();
    let (log, begun) = (folder.path().join("out/encoders/d-0/log.jsonl"), Instant::now());
    while !log.exists() {
        assert!(begun.elapsed() < Duration::from_secs(120), "it does not start");
        std::thread::sleep(Duration::from_millis(20));
    }
    // SAFETY: a signal to a child that was not waited for, so its number is still its own.
    assert_eq!(unsafe { libc::kill(running.id() as i32, libc::SIGTERM) }, 0);
    let ended = running.wait_with_output().unwrap();
    assert!(ended.status.success() && text(&ended).contains("The same command goes on."), "{}", text(&ended));
    assert!(folder.path().join("out/encoders/d-0/sync.safetensors").is_file());
}

#[test]
fn tables_of_2d_poses_are_in_pixels() {
    let folder = tempfile::tempdir().unwrap();
    studio::session(folder.path());
    let words = ["--set", "transfer.target=2d", "--row", "b", "--seed", "0"];
    let ended = ablate(folder.path(), &words);
    let said = text(&ended);
    assert!(ended.status.success() && said.contains("pixels of a frame 1000 px wide"), "{said}");
    let found = table(folder.path());
    assert_eq!(found["target"], "2d");
    let ours = &found["rows"][0]["ours"];
    assert!(ours["mpjpe"]["mean"].as_f64().is_some_and(|px| px > 0.0), "{found}");
    assert!(ours["n-mpjpe"].is_null() && found["mean-pose"]["mpjpe"].is_object(), "{found}");
}
