//! `genlock-learn pretrain` as a process: it learns from a stream, and every end leaves a checkpoint to resume from.

use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use frame::{CameraId, HostTime, SegmentId, SetIndex, SourcePosition, TriggerIndex};
use subject::{BackgroundId, Region, Sample};
use transport::{Hint, HintSource, LearnerStatus, Moment, MomentSink, View, ZenohLink};

const SIZE: u16 = 32;
/// A generous timeout for what takes a second, so that a hang fails the test.
const PATIENCE: Duration = Duration::from_secs(120);

const RECIPE: &str = r#"
crop-px = 32
width = 8
precision = "f32"
[batch]
form = "all-pairs"
times = 4
[buffer]
minimum-moments = 20
[hold-out]
period = 25
block = 5
guard = 1
[evaluation]
every-steps = 5
pairs = 40
"#;

fn moment(number: u32) -> Moment {
    let (segment, index) = (number / 50, number % 50);
    let exposure = HostTime::monotonic(i64::from(number) * 40_000_000, 0);
    let view = |camera: u16| {
        let area = usize::from(SIZE).pow(2);
        let shade = |i: usize| (i * (3 + usize::from(camera)) + index as usize * 5) as u8;
        View {
            camera: CameraId(camera),
            exposure,
            frame_px: (640, 480),
            samples: vec![Sample {
                size_px: SIZE,
                rgb: (0..3 * area).map(shade).collect(),
                mask: (0..area).map(|at| if at % 3 == 0 { 255 } else { 0 }).collect(),
                region: Region { centre_px: [0.0, 0.0], side_px: 32.0 },
                background: BackgroundId(0),
            }],
        }
    };
    Moment {
        set: SetIndex(number.into()),
        trigger: TriggerIndex::Certain(number.into()),
        segment: SegmentId::seam(segment),
        exposure,
        arrival_ns: 0,
        source: Some(SourcePosition { index, length: 50 }),
        preprocessing: 1,
        views: (0..3).map(view).collect(),
        unusable: vec![],
    }
}

struct Session {
    link: ZenohLink,
    folder: tempfile::TempDir,
    recipe: PathBuf,
    sent: u32,
}

impl Session {
    fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let recipe = folder.path().join("recipe.toml");
        std::fs::write(&recipe, RECIPE).unwrap();
        Self { link: ZenohLink::listen(name).unwrap(), folder, recipe, sent: 0 }
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_genlock-learn"));
        command.args(["pretrain", "--connect", self.link.endpoint(), "--name", name, "--recipe"]);
        command.arg(&self.recipe).arg("--checkpoint-dir").arg(self.checkpoints());
        command
    }

    fn checkpoints(&self) -> PathBuf {
        self.folder.path().join("checkpoints")
    }

    /// Sends moments until a status satisfies `done`.
    fn until(&mut self, done: impl Fn(&LearnerStatus) -> bool) -> LearnerStatus {
        let mut sink = self.link.moment_sink().unwrap();
        let mut hints = self.link.hint_source(8).unwrap();
        let deadline = Instant::now() + PATIENCE;
        let mut last = None;
        while Instant::now() < deadline {
            sink.send(&moment(self.sent)).unwrap();
            self.sent += 1;
            if let Some(Hint::Learner(status)) = hints.receive(Duration::from_millis(20)).unwrap() {
                if done(&status) {
                    return status;
                }
                last = Some(status);
            }
        }
        panic!("the learner never came that far: {last:?}");
    }
}

fn exit_code(mut child: Child) -> Option<i32> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    panic!("the learner did not end");
}

fn signal(child: &Child, signal: i32) {
    // SAFETY: a child that has not been waited for keeps its process id.
    assert_eq!(unsafe { libc::kill(child.id() as i32, signal) }, 0);
}

fn checkpoint(folder: &Path) -> bool {
    folder.join("learner.safetensors").exists()
}

#[test]
fn a_signal_ends_it_with_a_checkpoint_that_the_next_one_goes_on_from() {
    let mut session = Session::new("signal");
    let child = session.command("signal").spawn().unwrap();
    let status = session.until(|status| status.steps >= 6 && status.sync_accuracy.is_some());
    assert!(status.held_out_sync_accuracy.is_some() && status.images_per_s > 0.0, "{status:?}");
    assert_eq!((status.resumed_from_step, status.precision.as_str()), (None, "f32"));
    assert!(status.moments_held > 0 && status.moments_held_out > 0 && status.moments_received > 0, "{status:?}");
    signal(&child, libc::SIGTERM);
    assert_eq!(exit_code(child), Some(0));
    assert!(checkpoint(&session.checkpoints()));

    let child = session.command("signal").spawn().unwrap();
    let resumed = session.until(|status| status.resumed_from_step.is_some_and(|from| status.steps > from));
    assert!(resumed.resumed_from_step.unwrap() >= 6);
    signal(&child, libc::SIGINT);
    assert_eq!(exit_code(child), Some(0));
}

/// The next status of a learner that is sent no moment.
fn next_status(hints: &mut impl HintSource) -> LearnerStatus {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if let Some(Hint::Learner(status)) = hints.receive(Duration::from_millis(20)).unwrap() {
            return status;
        }
    }
    panic!("the learner does not report");
}

fn end(child: Child) {
    signal(&child, libc::SIGTERM);
    assert_eq!(exit_code(child), Some(0));
}

#[test]
fn the_next_learner_goes_on_with_the_moments_of_the_last_or_says_why_not() {
    let mut session = Session::new("kept");
    let child = session.command("kept").args(["--camera", "left", "--camera", "right"]).spawn().unwrap();
    session.until(|status| status.steps >= 2);
    end(child);
    let file = session.checkpoints().join("learner.moments");
    let bytes = std::fs::read(&file).unwrap();

    // Without the names of the cameras it is another rig.
    let mut hints = session.link.hint_source(8).unwrap();
    let child = session.command("kept").spawn().unwrap();
    let status = next_status(&mut hints);
    let problem = status.buffer_problem.unwrap();
    assert!(problem.contains("another rig") && problem.contains("left, right"), "{problem}");
    assert_eq!(status.moments_held, 0);
    end(child);

    std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    let mut hints = session.link.hint_source(8).unwrap();
    let child = session.command("kept").spawn().unwrap();
    let status = next_status(&mut hints);
    assert!(status.buffer_problem.is_some_and(|problem| problem.contains("cut short")));
    let status = session.until(|status| status.resumed_from_step.is_some_and(|from| status.steps > from));
    assert!(status.moments_held >= 20, "it learns from new moments: {status:?}");
    end(child);

    let mut hints = session.link.hint_source(8).unwrap();
    let child = session.command("kept").spawn().unwrap();
    let status = next_status(&mut hints);
    assert_eq!(status.buffer_problem, None);
    assert!(status.moments_held >= 20 && status.buffer_bytes > 0, "{status:?}");
    end(child);
}

#[test]
fn it_ends_when_the_session_is_gone() {
    let mut session = Session::new("gone");
    let child = session.command("gone").spawn().unwrap();
    session.until(|status| status.steps >= 1);
    let Session { link, folder, .. } = session;
    drop(link);
    assert_eq!(exit_code(child), Some(0));
    assert!(checkpoint(&folder.path().join("checkpoints")));
}

/// A start-up that never ends by itself: the checkpoint is a pipe into which nobody writes.
#[test]
fn a_signal_during_the_start_ends_it_at_once() {
    let session = Session::new("start");
    std::fs::create_dir(session.checkpoints()).unwrap();
    let pipe = session.checkpoints().join("learner.safetensors");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let child = session.command("start").spawn().unwrap();
    let mut writer = std::fs::OpenOptions::new();
    // Non-blocking, this end can only be opened once the other end is open.
    writer.write(true).custom_flags(libc::O_NONBLOCK);
    let deadline = Instant::now() + PATIENCE;
    let _open = loop {
        if let Ok(open) = writer.open(&pipe) {
            break open;
        }
        assert!(Instant::now() < deadline, "the learner does not look at its checkpoint");
        std::thread::sleep(Duration::from_millis(10));
    };
    signal(&child, libc::SIGTERM);
    assert_eq!(exit_code(child), Some(0));
}

/// Exit code and standard output of `check` with this recipe and the session's checkpoints.
fn check(session: &Session, recipe: &str) -> (Option<i32>, String) {
    std::fs::write(&session.recipe, recipe).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_genlock-learn"));
    command.arg("check").arg("--recipe").arg(&session.recipe).arg("--checkpoint-dir").arg(session.checkpoints());
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_recipe_is_checked_alone_and_against_the_checkpoint() {
    let mut session = Session::new("check");
    let refused = |session: &Session, recipe: &str, expect: &[&str]| {
        let (code, said) = check(session, recipe);
        assert_eq!(code, Some(1), "{said}");
        assert!(expect.iter().all(|part| said.contains(part)), "{said}");
    };
    refused(&session, "croppx = 3", &["recipe.toml", "croppx", "crop-px"]);
    refused(&session, "crop-px = 3", &["recipe.toml, crop-px: must be 32 to 512"]);
    let large = format!("[buffer]\nbytes = {}", 1_u64 << 60);
    refused(&session, &large, &["buffer.bytes", "this machine has", "lower it"]);
    let wider = RECIPE.replace("width = 8", "width = 16");
    let larger = RECIPE.replace("crop-px = 32", "crop-px = 64");
    for recipe in [&wider, &larger, RECIPE] {
        assert_eq!(check(&session, recipe), (Some(0), String::new()));
    }

    let child = session.command("check").spawn().unwrap();
    session.until(|status| status.steps >= 1);
    signal(&child, libc::SIGTERM);
    assert_eq!(exit_code(child), Some(0));
    refused(&session, &wider, &["learner.safetensors", "width 8", "has 16", "another folder"]);
    refused(&session, &larger, &["learner.safetensors", "crop-px 32", "has 64", "another folder"]);
    assert_eq!(check(&session, RECIPE), (Some(0), String::new()));
    std::fs::write(session.checkpoints().join("learner.safetensors"), "torn").unwrap();
    refused(&session, RECIPE, &["learner.safetensors", "take an earlier one"]);
}

#[test]
fn a_wrong_recipe_is_named_and_ends_it_with_an_error() {
    let session = Session::new("wrong");
    std::fs::write(&session.recipe, "croppx = 3").unwrap();
    let output = session.command("wrong").output().unwrap();
    assert_ne!(output.status.code(), Some(0));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("croppx") && said.contains("recipe.toml"), "{said}");
}

/// With a learning rate that no network bears, it goes back to its checkpoint some times, and then says what to do.
#[test]
fn a_learner_that_diverges_again_and_again_ends_with_the_reason() {
    let mut session = Session::new("diverges");
    let child = session.command("diverges").spawn().unwrap();
    session.until(|status| status.steps >= 6);
    signal(&child, libc::SIGTERM);
    assert_eq!(exit_code(child), Some(0));

    let recipe = format!("{RECIPE}[optimiser]\nlearning-rate = 0.99\nwarm-up-steps = 0\nbetas = [0.0, 0.0]\n");
    std::fs::write(&session.recipe, recipe).unwrap();
    let kept = std::fs::read(session.checkpoints().join("learner.safetensors")).unwrap();
    let mut child = session.command("diverges").stderr(Stdio::piped()).spawn().unwrap();
    let mut sink = session.link.moment_sink().unwrap();
    let deadline = Instant::now() + PATIENCE;
    while child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < deadline, "it does not end");
        sink.send(&moment(session.sent)).unwrap();
        session.sent += 1;
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("3 times and diverged again") && said.contains("lower the learning rate"), "{said}");
    assert!(std::fs::read(session.checkpoints().join("learner.safetensors")).unwrap() == kept);
}
