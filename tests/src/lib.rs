//! Helpers of the end-to-end tests: the binaries, the footage, and running and watching sessions.

pub mod videos;

use std::io::{BufRead, BufReader};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use model::{Background, PoseModel, PoseSpec, SyncNet, SyncNetConfig};
use serde_json::Value;
use subject::Preprocessing;
use tch::{Device, Kind};

/// A binary of this workspace, beside the test or example that runs; an example is `examples/NAME`. `scripts/test.sh`
/// builds all.
pub fn binary(name: &str) -> PathBuf {
    let mut folder = std::env::current_exe().expect("a test knows where it is");
    folder.pop();
    if folder.ends_with("deps") || folder.ends_with("examples") {
        folder.pop();
    }
    let path = folder.join(name);
    assert!(
        path.is_file(),
        "{} is missing; `cargo build --release --workspace --bins --examples` makes it",
        path.display()
    );
    path
}

/// The camera whose video [`rig_with_a_damaged_video`] damages.
const DAMAGED: &str = "cam03";

/// The example session as a take, or `None` after printing that the test is skipped.
pub fn footage() -> Option<PathBuf> {
    let folder = std::env::var_os("GENLOCK_FOOTAGE").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: GENLOCK_FOOTAGE is unset; `make test` imports it");
    }
    folder
}

/// A recording of the footage, and the folder of the finder of joints; `make test` prepares both.
pub fn take_and_finder() -> Option<(PathBuf, PathBuf)> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let both = set("GENLOCK_FOOTAGE_TAKE").zip(set("GENLOCK_FINDER"));
    if both.is_none() {
        println!("skipped: GENLOCK_FOOTAGE_TAKE or GENLOCK_FINDER is unset; `make test` prepares them");
    }
    both
}

/// A rig at 15 Hz whose four cameras play videos for `seconds`, of which one is damaged; and that camera's name.
pub fn rig_with_a_damaged_video(folder: &Path, seconds: u32) -> (PathBuf, String) {
    let film = folder.join("film.mov");
    let mut make = Command::new("ffmpeg");
    make.args(["-v", "error", "-f", "lavfi", "-i", &format!("testsrc2=s=320x240:r=15:d={seconds}"), "-c:v", "mjpeg"]);
    succeed(make.args(["-pix_fmt", "yuvj420p"]).arg(&film));
    let mut rig = "version = 1\nname = \"videos\"\n[trigger]\nmode = \"hardware\"\nrate-hz = 15.0\n".to_owned();
    for name in ["cam01", "cam02", "cam03", "cam04"] {
        let video = folder.join(format!("{name}.mov"));
        if name == DAMAGED {
            std::fs::write(&video, [0; 9999]).expect("the test's folder is writable");
        } else {
            std::fs::hard_link(&film, &video).expect("the test's folder is writable");
        }
        rig += &format!("[[camera]]\nname = \"{name}\"\ndriver = \"replay\"\nsource = \"{name}.mov\"\n");
    }
    let path = folder.join("rig.toml");
    std::fs::write(&path, rig).expect("the test's folder is writable");
    (path, DAMAGED.into())
}

/// The data that CONTRIBUTING.md lists, or `None` after printing that the test is skipped.
pub fn test_data() -> Option<PathBuf> {
    let folder = std::env::var_os("GENLOCK_TEST_DATA").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: GENLOCK_TEST_DATA is unset");
    }
    folder
}

/// `genlock` with these arguments, without any footage, pose model or finder of joints from the environment.
pub fn genlock<S: AsRef<std::ffi::OsStr>>(words: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(binary("genlock"));
    command.args(words).env_remove("GENLOCK_FOOTAGE").env("GENLOCK_CACHE", "none").env("GENLOCK_POSE_MODEL", "none");
    command.env("GENLOCK_FINDER", "none");
    command.stdin(Stdio::null());
    command
}

pub fn output(command: &mut Command) -> Output {
    command.output().expect("the binary starts")
}

/// Runs to the end and expects success; returns standard output.
pub fn succeed(command: &mut Command) -> String {
    let output = output(command);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed:\n{error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs to the end and expects failure; returns its output in one line.
pub fn fail(command: &mut Command) -> String {
    let output = output(command);
    let said = String::from_utf8_lossy(&output.stderr).replace('│', " ");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success(), "{command:?} should have failed, and printed\n{printed}{said}");
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub fn json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Processes whose parent is `pid`, with their command lines.
pub fn children(pid: u32) -> Vec<(u32, String)> {
    let stat = |entry: &std::fs::DirEntry| std::fs::read_to_string(entry.path().join("stat")).ok();
    let entries = std::fs::read_dir("/proc").expect("Linux").flatten();
    entries
        .filter_map(|entry| {
            let id: u32 = entry.file_name().to_str()?.parse().ok()?;
            let stat = stat(&entry)?;
            // The name in parentheses may contain anything; the parent is the second field after it.
            let parent: u32 = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
            let words = std::fs::read(entry.path().join("cmdline")).ok()?;
            (parent == pid).then(|| (id, String::from_utf8_lossy(&words).replace('\0', " ")))
        })
        .collect()
}

/// Polls until a value is there.
pub fn eventually<T>(what: &str, within: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + within;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "{what}: not within {within:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Waits until the newest take in a folder has this many frames of each of these cameras, and returns its path.
pub fn until_recorded(takes: &Path, cameras: Range<usize>, frames: u64) -> PathBuf {
    eventually(&format!("{frames} frames in {}", takes.display()), Duration::from_secs(60), || {
        let take = std::fs::read_dir(takes).ok()?.flatten().map(|entry| entry.path()).max()?;
        let so_far = take::inspect(&take).ok()?;
        so_far.cameras.get(cameras.clone())?.iter().all(|camera| camera.frames >= frames).then_some(take)
    })
}

/// An outage of this length. Its length is what the test means, so there is nothing else to wait for.
pub fn out_for(seconds: f64) {
    std::thread::sleep(Duration::from_secs_f64(seconds));
}

pub fn kill(pid: u32, signal: i32) {
    // SAFETY: a plain system call, on a process that the test started.
    unsafe { libc::kill(pid as i32, signal) };
}

/// A session in the background that is killed with the test.
pub struct Running(pub Child);

impl Running {
    pub fn start(command: &mut Command) -> Self {
        Self(command.spawn().expect("the binary starts"))
    }

    /// Starts it and follows its log, at the level that is usual.
    pub fn start_with_log(command: &mut Command) -> (Self, Log) {
        let mut running = Self::start(command.env_remove("RUST_LOG").stderr(Stdio::piped()));
        let stderr = running.0.stderr.take().expect("a pipe");
        let log = Log::default();
        let lines = log.0.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).into_owned();
                eprintln!("{line}");
                lines.lock().expect("nothing panics with the lines").push(line);
            }
        });
        (running, log)
    }

    /// Waits for it to end by itself.
    pub fn finish(mut self, within: Duration) -> std::process::ExitStatus {
        eventually("the session's end", within, || self.0.try_wait().expect("a child of ours"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The lines that a session in the background has logged. The test's output has them, too.
#[derive(Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    /// Waits until this many lines have all of these words.
    pub fn until(&self, count: usize, words: &[&str]) {
        eventually(&format!("{count} lines in the log with {words:?}"), Duration::from_secs(60), || {
            let lines = self.0.lock().expect("nothing panics with the lines");
            let found = lines.iter().filter(|line| words.iter().all(|word| line.contains(word)));
            (found.count() >= count).then_some(())
        });
    }
}

/// The demo's recipe, quicker to evaluate and to write checkpoints.
pub fn quick_recipe(folder: &Path) -> PathBuf {
    let recipe = include_str!("../../recipes/demo-cpu.toml");
    let mut table: toml::Table = recipe.parse().expect("the recipe parses");
    let set = |table: &mut toml::Table, section: &str, key: &str, value: i64| {
        let section = table.get_mut(section).and_then(toml::Value::as_table_mut).expect("the section is there");
        section.insert(key.into(), value.into());
    };
    set(&mut table, "checkpoint", "every-s", 1);
    set(&mut table, "evaluation", "every-steps", 20);
    let path = folder.join("recipe.toml");
    std::fs::write(&path, table.to_string()).expect("the test's folder is writable");
    path
}

/// A pose model with random weights and all heads, for crops of this size. Its poses are meaningless.
pub fn stand_in(crop_px: u16, seed: i64) -> PoseModel {
    let preprocessing = Preprocessing::with_crop_px(crop_px);
    let spec = PoseSpec {
        crop_px: crop_px.into(),
        background: Background::Removed,
        takes_both: true,
        preprocessing: serde_json::to_string(&preprocessing).expect("a few numbers"),
        preprocessing_hash: format!("{:016x}", preprocessing.hash()),
        joint_set: "h36m-17".into(),
        joint_names: pose::JOINT_NAMES.map(String::from).to_vec(),
        encoder_version: "random".into(),
        training: String::new(),
    };
    let config = SyncNetConfig { width: 8, seed, ..Default::default() };
    let net = SyncNet::new(&config, Device::Cpu, Kind::Float).expect("a small network");
    let model = PoseModel::from_encoder(&net, &[100.0; 51], &[150.0; 51], spec, seed);
    model.and_then(|model| model.with_heads(seed)).expect("a small model")
}

/// The take of a session, from its report.
pub fn recorded(report: &Value) -> PathBuf {
    PathBuf::from(report["recording"]["path"].as_str().expect("a recording"))
}

/// Invariants of every session that ended normally.
pub fn check_accounts(report: &Value) {
    let total = |losses: &Value| losses.as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum::<u64>();
    let mut delivered = 0;
    for camera in report["cameras"].as_array().unwrap() {
        let count = |key: &str| camera[key].as_u64().unwrap();
        assert_eq!(count("produced"), count("delivered") + total(&camera["lost"]), "{camera}");
        assert_eq!(count("delivered"), count("in_sets") + total(&camera["not_in_sets"]), "{camera}");
        delivered += count("delivered") - total(&camera["not_recorded"]);
    }
    assert_eq!(report["recording"]["frames"].as_u64().unwrap(), delivered);
    let inspection: Value =
        serde_json::from_str(&succeed(genlock(["inspect", "--json"]).arg(recorded(report)))).unwrap();
    let frames = |camera: &Value| camera["frames"].as_u64().unwrap();
    assert_eq!(inspection["cameras"].as_array().unwrap().iter().map(frames).sum::<u64>(), delivered);
    assert_eq!(inspection["complete"], true);
    assert_eq!(report["recording"]["state"], "complete");
}
