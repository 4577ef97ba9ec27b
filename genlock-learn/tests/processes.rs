//! `genlock-learn train` in several processes: they learn what one process learns, and one that dies ends the others.

#[path = "../../learn/tests/rendered/studio.rs"]
mod studio;

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

const RECIPE: &str = r#"
crop-px = 32
width = 8
precision = "f32"
[data]
store-px = 56
[augment]
backgrounds = 64
[sync]
samples = 192
takes = 2
times = 4
learning-rate = 1e-3
[transfer]
samples = 128
batch = 32
"#;

fn train(folder: &Path, out: &str, words: &[&str]) -> Command {
    let recipe = folder.join("recipe.toml");
    std::fs::write(&recipe, RECIPE).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_genlock-learn"));
    command.args(["train", "--report-seconds", "0", "--recipe"]).arg(recipe).arg("--session").arg(folder);
    command.arg("--out").arg(folder.join(out)).args(words).env("OMP_NUM_THREADS", "1");
    command.env_remove("RANK").env_remove("WORLD_SIZE");
    command
}

fn text(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    said.replace(['│', '\n'], " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Stage and loss of each step.
fn losses(folder: &Path, out: &str) -> Vec<(String, f64)> {
    let log = std::fs::read_to_string(folder.join(out).join("log.jsonl")).unwrap();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let steps = lines.filter(|line| line["step"].is_u64());
    let loss = |line: &Value| line["loss"].as_f64().or(line["pose"].as_f64()).unwrap();
    steps.map(|line| (line["stage"].as_str().unwrap().to_owned(), loss(&line))).collect()
}

#[test]
fn two_processes_learn_what_one_learns() {
    let folder = tempfile::tempdir().unwrap();
    studio::session(folder.path());
    let one = train(folder.path(), "one", &[]).output().unwrap();
    assert!(one.status.success(), "{}", text(&one));
    let two = train(folder.path(), "two", &["--processes", "2"]).output().unwrap();
    assert!(two.status.success(), "{}", text(&two));
    // Only one of them speaks.
    assert_eq!(text(&two).matches("to learn from").count(), 1, "{}", text(&two));

    let [alone, together] = ["one", "two"].map(|out| losses(folder.path(), out));
    assert_eq!(alone.len(), together.len());
    assert!(alone.len() >= 10 && alone[0].0 == "sync" && alone[alone.len() - 1].0 == "transfer", "{alone:?}");
    // The first steps differ by the order of sums in f32 alone; what follows, too, but Adam makes a whole step of the
    // sign of the smallest gradient, so trainings drift apart. `model/tests/processes.rs` compares in double precision.
    let (first, of_two) = (alone[0].1, together[0].1);
    assert!((first - of_two).abs() < 1e-4 * first, "{first} alone and {of_two} together");
    assert!(alone.iter().zip(&together).all(|((stage, a), (same, b))| stage == same && (a - b).abs() < 0.2 * a));
    // Half of the batch is another loss, so the comparison can tell.
    let half = train(folder.path(), "half", &["--set", "sync.takes=1", "--set", "transfer.batch=16"]).output().unwrap();
    assert!(half.status.success(), "{}", text(&half));
    let of_half = losses(folder.path(), "half")[0].1;
    assert!((first - of_half).abs() > 1e-3 * first, "{first} of the whole and {of_half} of half of the batch");
    for file in ["sync.safetensors", "pose-model.safetensors", "evaluation.json"] {
        assert!(folder.path().join("two").join(file).is_file(), "{file}");
    }
}

#[test]
fn a_process_that_dies_ends_the_others() {
    let folder = tempfile::tempdir().unwrap();
    studio::session(folder.path());
    let words = ["--processes", "2", "--set", "sync.samples=2000000"];
    let mut command = train(folder.path(), "out", &words);
    let running = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (log, begun) = (folder.path().join("out/log.jsonl"), Instant::now());
    while std::fs::metadata(&log).map_or(0, |file| file.len()) == 0 {
        assert!(begun.elapsed() < Duration::from_secs(240), "it does not start");
        std::thread::sleep(Duration::from_millis(50));
    }
    let second =
        children(running.id()).into_iter().find(|pid| environment(*pid).contains(&"RANK=1".to_owned())).unwrap();
    // SAFETY: a process of this training, which its parent has not waited for.
    assert_eq!(unsafe { libc::kill(second as i32, libc::SIGKILL) }, 0);
    let killed = Instant::now();
    let ended = running.wait_with_output().unwrap();
    assert!(killed.elapsed() < Duration::from_secs(30), "it took {:?}", killed.elapsed());
    let said = text(&ended);
    assert!(!ended.status.success() && said.contains("of 2 ended"), "{said}");
}

#[test]
fn a_signal_ends_all_in_order() {
    let folder = tempfile::tempdir().unwrap();
    studio::session(folder.path());
    let words = ["--processes", "2", "--set", "sync.samples=2000000"];
    let running = train(folder.path(), "out", &words).stdout(Stdio::piped()).spawn().unwrap();
    let (log, begun) = (folder.path().join("out/log.jsonl"), Instant::now());
    while std::fs::metadata(&log).map_or(0, |file| file.len()) == 0 {
        assert!(begun.elapsed() < Duration::from_secs(240), "it does not start");
        std::thread::sleep(Duration::from_millis(50));
    }
    // SAFETY: a child that was not waited for, so its number is still its own.
    assert_eq!(unsafe { libc::kill(running.id() as i32, libc::SIGTERM) }, 0);
    let ended = running.wait_with_output().unwrap();
    assert!(ended.status.success() && text(&ended).contains("The same command goes on."), "{}", text(&ended));
    assert!(folder.path().join("out/sync.safetensors").is_file());
}

#[test]
fn what_cannot_work_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    studio::session(folder.path());
    let lonely = train(folder.path(), "out", &[]).env("WORLD_SIZE", "2").env("RANK", "1").output().unwrap();
    assert!(!lonely.status.success() && text(&lonely).contains("MASTER_ADDR is not set"), "{}", text(&lonely));
    // Nobody is there to meet.
    let mut absent = train(folder.path(), "out", &["--process-patience-s", "2"]);
    absent.env("WORLD_SIZE", "2").env("RANK", "1").env("MASTER_ADDR", "127.0.0.1").env("MASTER_PORT", "9");
    let begun = Instant::now();
    let absent = absent.output().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(60), "it took {:?}", begun.elapsed());
    assert!(!absent.status.success() && text(&absent).contains("did not meet"), "{}", text(&absent));
    let odd = train(folder.path(), "out", &["--processes", "5"]).output().unwrap();
    assert!(!odd.status.success() && text(&odd).contains("does not divide among 5"), "{}", text(&odd));
}

fn children(parent: u32) -> Vec<u32> {
    let listed = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap();
    listed.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

fn environment(pid: u32) -> Vec<String> {
    let bytes = std::fs::read(format!("/proc/{pid}/environ")).unwrap();
    bytes.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}
