//! `genlock doctor`: a good rig passes, and whatever would make a session fail is reported with a remedy.

use std::net::TcpListener;
use std::path::Path;

use genlock_tests::{genlock, output};
use serde_json::Value;

const GOOD: &str =
    "[[camera]]\nname = \"a\"\ndriver = \"simulated\"\n[[camera]]\nname = \"b\"\ndriver = \"simulated\"\n";

/// The exit code, and the checks.
fn examine(folder: &Path, cameras: &str, budget_gb: f64, takes: &Path, listen: &str) -> (Option<i32>, Vec<Value>) {
    let rig = folder.join("rig.toml");
    let text = format!(
        "version = 1\nname = \"r\"\n[trigger]\nmode = \"hardware\"\nrate-hz = 20.0\n{cameras}[recording]\n\
         directory = {takes:?}\nbudget-gb = {budget_gb:?}\n[page]\nlisten = {listen:?}\n"
    );
    std::fs::write(&rig, text).unwrap();
    let said = output(genlock(["doctor", "--json"]).arg(&rig));
    let report: Value = serde_json::from_slice(&said.stdout).unwrap_or_else(|error| panic!("{error}: {said:?}"));
    let checks = report["checks"].as_array().unwrap().clone();
    let failures = checks.iter().filter(|check| check["state"] == "failure").count();
    assert_eq!(report["failures"], failures);
    (said.status.code(), checks)
}

fn find<'a>(checks: &'a [Value], name: &str) -> &'a Value {
    checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("no {name} in {checks:?}"))
}

fn fails(checks: &[Value], name: &str, found: &str, remedy: &str) {
    let check = find(checks, name);
    assert_eq!(check["state"], "failure", "{check}");
    assert!(check["found"].as_str().unwrap().contains(found), "{check}");
    assert!(check["remedy"].as_str().unwrap().contains(remedy), "{check}");
}

#[test]
fn a_good_rig_passes_and_nothing_is_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let takes = folder.path().join("takes");
    let (code, checks) = examine(folder.path(), GOOD, 20.0, &takes, "127.0.0.1:0");
    assert_eq!(code, Some(0), "{checks:?}");
    for name in ["rig", "camera a", "camera b", "page"] {
        assert_eq!(find(&checks, name)["state"], "ok", "{checks:?}");
    }
    // What was measured: two cameras of 1280 × 720 bytes at 20 Hz.
    let disk = find(&checks, "disk");
    assert!(disk["found"].as_str().unwrap().contains("the rig sends 36.9 MB (measured)"), "{disk}");
    assert_ne!(find(&checks, "learner")["state"], "failure");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["rig.toml"]);
    let text = output(genlock(["doctor"]).arg(folder.path().join("rig.toml")));
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.starts_with("ok       rig  "), "{text}");
}

#[test]
fn what_is_wrong_is_named_with_its_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let missing = "[[camera]]\nname = \"c\"\ndriver = \"gstreamer\"\n\
                   source = \"v4l2src device=/dev/video99 ! image/jpeg ! appsink name=sink\"\n";
    std::fs::write(folder.path().join("file"), "").unwrap();
    let takes = folder.path().join("file/takes");
    let (code, checks) = examine(folder.path(), &format!("{GOOD}{missing}"), 0.02, &takes, &address);
    assert_eq!(code, Some(1));
    fails(&checks, "device of c", "/dev/video99 is not there", "genlock cameras");
    assert_eq!(find(&checks, "camera c")["state"], "failure", "{checks:?}");
    assert_eq!(find(&checks, "camera a")["state"], "ok", "the others are looked at: {checks:?}");
    fails(&checks, "disk", "cannot be written", "--record FOLDER");
    fails(&checks, "space", "the budget of 20.0 MB lasts 0.", "budget-gb = ");
    fails(&checks, "page", &format!("{address} is in use"), "listen = \"127.0.0.1:");
}

/// Whatever a check of a camera fails by, its words end with what the driver found.
#[test]
fn a_camera_that_cannot_play_is_told_with_the_innermost_cause() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("empty.mp4"), "").unwrap();
    let noise: Vec<u8> = (0..4096u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    std::fs::write(folder.path().join("noise.avi"), noise).unwrap();
    let cameras = ["empty.mp4", "noise.avi", "absent.mp4"];
    let rig = |file: &&str| format!("[[camera]]\nname = {file:?}\ndriver = \"replay\"\nsource = {file:?}\n");
    let rig: String = cameras.iter().map(rig).collect();
    let (code, checks) = examine(folder.path(), &rig, 20.0, &folder.path().join("takes"), "127.0.0.1:0");
    assert_eq!(code, Some(1));
    for (file, cause) in cameras.iter().zip(["contains no data", "not determine type", "absent.mp4 is not there"]) {
        let check = find(&checks, &format!("camera {file}"));
        assert!(check["found"].as_str().unwrap().contains(cause), "{check}");
    }
}

#[test]
fn a_rig_that_cannot_be_read_is_told_by_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let (code, checks) = examine(folder.path(), "[[camera]]\nnam = \"a\"\n", 1.0, Path::new("takes"), "127.0.0.1:0");
    assert_eq!(code, Some(1));
    fails(&checks, "rig", "rig.toml, line 7", "`name`");
}
