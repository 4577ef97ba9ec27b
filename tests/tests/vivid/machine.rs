//! The emulated machine, which runs once for all tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::Instant;

use genlock_tests::binary;
use tempfile::TempDir;

const EMULATOR: &str = "qemu-system-x86_64";

/// The machine's output folder; `None` after printing that the test is skipped.
pub fn machine() -> Option<&'static Path> {
    static RAN: LazyLock<Option<TempDir>> = LazyLock::new(|| can_emulate().then(run));
    RAN.as_ref().map(TempDir::path)
}

fn can_emulate() -> bool {
    let there = Command::new(EMULATOR).arg("--version").stdout(Stdio::null()).status().is_ok();
    let needed = std::env::var_os("GENLOCK_NEEDS_CAMERAS").is_some();
    assert!(there || !needed, "no {EMULATOR}; `bash scripts/setup.sh --tests` installs it");
    if !there {
        println!("skipped: no {EMULATOR}; `bash scripts/setup.sh --tests` installs it");
    }
    there
}

fn run() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("run.sh"), include_str!("run.sh")).unwrap();
    for (name, rig) in rigs() {
        fs::write(folder.path().join(format!("{name}.toml")), rig).unwrap();
    }
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scripts/vivid.sh");
    let started = Instant::now();
    let status = Command::new("bash")
        .arg(script)
        .arg(folder.path())
        .args([binary("genlock"), binary("examples/conformance"), binary("examples/v4l2-control")])
        .status()
        .unwrap();
    let console = fs::read_to_string(folder.path().join("console.log")).unwrap_or_default();
    println!("the machine took {:.1} s and said:\n{console}", started.elapsed().as_secs_f64());
    assert!(status.success() && console.contains("== ended with 0"), "the machine failed");
    assert!(!console.contains("was not set"), "a control of vivid is missing");
    folder
}

/// The rigs of `run.sh`.
fn rigs() -> Vec<(&'static str, String)> {
    const SMALL: &str = "width-px = 320\nheight-px = 180\n";
    const YUYV: &str = "format = \"yuyv\"\nwidth-px = 320\nheight-px = 180\n";
    let four = |driver, rate_hz, settings: [&str; 4]| {
        let cameras = settings.iter().enumerate();
        let cameras: String =
            cameras.map(|(n, set)| camera(driver, n, &format!("/dev/video{n}"), &format!("{SMALL}{set}"))).collect();
        rig("free-run", rate_hz) + &cameras
    };
    let formats = ["yuyv", "nv12", "mono8", "bayer-rg8"].map(|format| format!("format = \"{format}\"\n"));
    let gain = format!("{}gain-db = 37\n", formats[1]);
    let yuyv = [&*formats[0]; 4];
    let refused = [
        ("/dev/video0", YUYV.to_owned()),
        ("/dev/video0", YUYV.to_owned()),
        ("/dev/video1", format!("{SMALL}format = \"mjpeg\"\n")),
        ("/dev/video9", YUYV.to_owned()),
        ("/dev/video2", "width-px = 321\nheight-px = 181\nformat = \"yuyv\"\n".to_owned()),
        ("/dev/video3", format!("{YUYV}exposure-us = 5000\n")),
        ("/dev/null", YUYV.to_owned()),
    ];
    let refused = refused.iter().enumerate().map(|(n, (source, set))| camera("v4l2", n, source, set));
    let nokhwa_refused =
        [("0", format!("{SMALL}format = \"mjpeg\"\n")), ("9", YUYV.to_owned()), ("1", format!("{YUYV}gain-db = 3\n"))];
    let nokhwa_refused = nokhwa_refused.iter().enumerate().map(|(n, (source, set))| camera("nokhwa", n, source, set));
    vec![
        ("v4l2", four("v4l2", 25.0, [&formats[0], &gain, &formats[2], &formats[3]])),
        ("early-stamps", four("v4l2", 25.0, yuyv)),
        ("faults", four("v4l2", 50.0, [&formats[2]; 4])),
        ("nokhwa", four("nokhwa", 25.0, yuyv)),
        ("refused", rig("free-run", 25.0) + &refused.collect::<String>()),
        ("nokhwa-refused", rig("free-run", 25.0) + &nokhwa_refused.collect::<String>()),
        ("rate", rig("free-run", 17.0) + &camera("v4l2", 0, "0", YUYV)),
        ("pulses", rig("hardware", 25.0) + &camera("v4l2", 0, "0", YUYV)),
        ("forbidden", rig("free-run", 25.0) + &camera("v4l2", 0, "0", YUYV)),
    ]
}

fn rig(mode: &str, rate_hz: f64) -> String {
    format!("version = 1\nname = \"vivid\"\n[trigger]\nmode = \"{mode}\"\nrate-hz = {rate_hz:?}\n")
}

fn camera(driver: &str, number: usize, source: &str, settings: &str) -> String {
    format!("[[camera]]\nname = \"c{number}\"\ndriver = \"{driver}\"\nsource = \"{source}\"\n{settings}")
}
