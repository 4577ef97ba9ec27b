//! Errors at the start name the cause and the remedy.

use std::net::TcpListener;
use std::path::Path;

use genlock_tests::{fail, footage, genlock, json, output, rig_with_a_damaged_video, succeed};

#[test]
fn a_missing_folder() {
    let said = fail(&mut genlock(["demo", "--headless", "--footage", "nowhere/at-all"]));
    assert!(said.contains("nowhere/at-all is no folder"), "{said}");
}

#[test]
fn a_folder_of_videos_is_no_take() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("cam1.mp4"), "").unwrap();
    let said = fail(genlock(["demo", "--headless", "--footage"]).arg(folder.path()));
    assert!(said.contains("is no take") && said.contains("genlock import videos"), "{said}");
    std::fs::write(folder.path().join("footage.json"), "{}").unwrap();
    let said = fail(genlock(["demo", "--headless", "--footage"]).arg(folder.path()));
    assert!(said.contains("was prepared by an older version"), "{said}");
}

#[test]
fn no_footage_at_all() {
    let said = fail(&mut genlock(["demo", "--headless"]));
    assert!(said.contains("there is no footage to play") && said.contains("--footage TAKE"), "{said}");
    assert!(said.contains("make demo"), "{said}");
}

#[test]
fn a_take_has_the_rate_that_it_has() {
    let said = fail(&mut genlock(["demo", "--headless", "--from", "a-take", "--rate", "30"]));
    assert!(said.contains("--from") && said.contains("--rate") && said.contains("cannot be used with"), "{said}");
}

#[test]
fn a_busy_port() {
    let Some(footage) = footage() else { return };
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let said = fail(genlock(["demo", "--listen", &address, "--footage"]).arg(footage).arg("--data").arg(folder.path()));
    assert!(said.contains(&taken.local_addr().unwrap().port().to_string()) && said.contains("--listen"), "{said}");
}

#[test]
fn an_unknown_key_in_the_rig() {
    let folder = tempfile::tempdir().unwrap();
    let rig = folder.path().join("rig.toml");
    let text = "version = 1\nname = \"r\"\n[trigger]\nmode = \"hardware\"\nrate-hz = 30.0\n[[camera]]\nname = \"a\"\n\
                driver = \"simulated\"\nsorce = \"x\"\n";
    std::fs::write(&rig, text).unwrap();
    let said = fail(genlock(["capture"]).arg(&rig));
    assert!(said.contains("rig.toml, line 9") && said.contains("did you mean `source`"), "{said}");
}

#[test]
fn a_corrupt_video_is_reported_while_the_others_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let (rig, name) = rig_with_a_damaged_video(folder.path(), 60);
    let report = folder.path().join("report.json");
    let mut command = genlock(["run", "--headless", "--no-learner", "--seconds", "8"]);
    succeed(command.arg(&rig).arg("--data").arg(folder.path().join("data")).arg("--report").arg(&report));
    let report = json(&report);
    let events = report["events"].as_array().unwrap();
    assert!(events.iter().any(|e| e.as_str().unwrap().starts_with(&name) && e.as_str().unwrap().contains("corrupt")));
    for camera in report["cameras"].as_array().unwrap() {
        let delivered = camera["delivered"].as_u64().unwrap();
        assert!(if camera["name"] == *name { delivered == 0 } else { delivered > 60 }, "{camera}");
    }
    assert!(report["sets"]["incomplete"].as_u64().unwrap() > 60);
}

#[test]
fn a_video_that_replay_does_not_play_says_what_it_wants() {
    let folder = tempfile::tempdir().unwrap();
    let mut make = std::process::Command::new("ffmpeg");
    make.args(["-v", "error", "-f", "lavfi", "-i", "testsrc=s=64x48:r=30:d=1", "-c:v", "libx264"]);
    succeed(make.arg(folder.path().join("a.mp4")));
    let rig = folder.path().join("rig.toml");
    let text = "version = 1\nname = \"r\"\n[trigger]\nmode = \"hardware\"\nrate-hz = 30.0\n[[camera]]\nname = \"a\"\n\
                driver = \"replay\"\nsource = \"a.mp4\"\n";
    std::fs::write(&rig, text).unwrap();
    let checked = output(genlock(["doctor"]).arg(&rig));
    let said = String::from_utf8_lossy(&checked.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("a.mp4 is H.264, and no MJPEG") && said.contains("genlock import videos"), "{said}");
    assert!(!checked.status.success());
}

#[test]
fn a_camera_that_ends_in_mid_run_leaves_the_others_and_the_recording_alone() {
    let folder = tempfile::tempdir().unwrap();
    let rig = folder.path().join("rig.toml");
    let camera = |name: &str, buffers: u32| {
        format!(
            "[[camera]]\nname = \"{name}\"\ndriver = \"gstreamer\"\nsource = \"videotestsrc \
             num-buffers={buffers} ! video/x-raw,format=GRAY8,width=64,height=48,framerate=30/1 ! appsink name=sink\"\n"
        )
    };
    let text = format!(
        "version = 1\nname = \"r\"\n[trigger]\nmode = \"free-run\"\nrate-hz = 30.0\n{}{}",
        camera("short", 20),
        camera("long", 100)
    );
    std::fs::write(&rig, text).unwrap();
    let report = folder.path().join("report.json");
    let mut command = genlock(["capture"]);
    succeed(command.arg(&rig).arg("--record").arg(folder.path()).arg("--report").arg(&report));
    let report = json(&report);
    let delivered: Vec<_> = report["cameras"].as_array().unwrap().iter().map(|c| c["delivered"].as_u64()).collect();
    assert_eq!(delivered, [Some(20), Some(100)]);
    assert_eq!(report["recording"]["frames"], 120);
    assert!(report["events"].as_array().unwrap().iter().any(|e| e == "short: its source ended"), "{report}");
}

/// A small file system, mounted until it is dropped.
struct SmallDisk<'a>(&'a Path);

impl<'a> SmallDisk<'a> {
    fn mount(at: &'a Path) -> Option<Self> {
        let mounted =
            std::process::Command::new("mount").args(["-t", "tmpfs", "-o", "size=6m", "tmpfs"]).arg(at).status();
        mounted.is_ok_and(|status| status.success()).then_some(Self(at))
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(self.0).status();
    }
}

#[test]
fn a_disk_that_fills_ends_the_recording_and_nothing_else() {
    let Some(footage) = footage() else { return };
    let folder = tempfile::tempdir().unwrap();
    let disk = tempfile::tempdir().unwrap();
    let Some(_mounted) = SmallDisk::mount(disk.path()) else {
        println!("skipped: a small file system cannot be mounted here");
        return;
    };
    let report = folder.path().join("report.json");
    let mut command = genlock(["demo", "--headless", "--rate", "15", "--no-learner", "--seconds", "8", "--footage"]);
    command.arg(footage).arg("--data").arg(folder.path().join("data"));
    let said = fail(command.arg("--record").arg(disk.path()).arg("--report").arg(&report));
    assert!(said.contains("no space left"), "{said}");
    let report = json(&report);
    assert_eq!(report["recording"]["state"], "ended: disk-full");
    let recorded = report["recording"]["frames"].as_u64().unwrap();
    assert!(recorded > 0, "what fitted is there");
    let delivered = |camera: &serde_json::Value| camera["delivered"].as_u64().unwrap();
    assert!(report["cameras"].as_array().unwrap().iter().all(|camera| delivered(camera) > 60), "live work goes on");
    let take = take::inspect(Path::new(report["recording"]["path"].as_str().unwrap())).unwrap();
    assert_eq!(take.cameras.iter().map(|camera| camera.frames).sum::<u64>(), recorded);
    // Every missing frame is recorded as a gap.
    for (camera, inspected) in report["cameras"].as_array().unwrap().iter().zip(&take.cameras) {
        let missing: u64 = inspected.gaps.iter().map(|gap| gap.frames).sum();
        assert!(inspected.gaps.iter().all(|gap| gap.reason == "disk-full"), "{:?}", inspected.gaps);
        assert_eq!(inspected.frames + missing, delivered(camera), "{}", inspected.name);
    }
}
