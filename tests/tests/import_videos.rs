//! `genlock import videos`, and what is done with its takes.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use frame::CameraId;
use genlock_tests::{binary, check_accounts, fail, genlock, json, recorded, succeed};
use serde_json::Value;
use take::TakeReader;

/// A video of so many pictures at 30 Hz.
fn film(path: &Path, pictures: u32) {
    let mut make = Command::new("ffmpeg");
    make.args(["-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=64x48:r=30", "-c:v", "libx264"]);
    succeed(make.args(["-frames:v", &pictures.to_string()]).arg(path));
}

#[test]
fn a_take_of_videos_is_inspected_and_played_again_and_again() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("videos")).unwrap();
    film(&at("videos/left.mp4"), 45);
    film(&at("videos/right.mkv"), 50);
    let said = succeed(genlock(["import", "videos"]).arg(at("videos")).arg("--out").arg(at("take")));
    assert!(said.contains("cut to the 45 pictures of left, the shortest: right by 5"), "{said}");
    assert!(said.contains("90 pictures of 2 cameras (left, right), 45 instants at 30 Hz"), "{said}");
    let inspected: Value = serde_json::from_str(&succeed(genlock(["inspect", "--json"]).arg(at("take")))).unwrap();
    assert_eq!(inspected["complete"], true);
    let again = fail(genlock(["import", "videos"]).arg(at("videos")).arg("--out").arg(at("take")));
    assert!(again.contains("exists and is not empty"), "{again}");

    let mut demo = genlock(["demo", "--headless", "--no-learner", "--no-finder", "--rate", "15", "--seconds", "6"]);
    demo.arg("--footage").arg(at("take")).arg("--data").arg(at("data")).arg("--report").arg(at("report.json"));
    succeed(&mut demo);
    let report = json(&at("report.json"));
    check_accounts(&report);
    let played = TakeReader::open(recorded(&report)).unwrap();
    for camera in [CameraId(0), CameraId(1)] {
        assert!(played.len(camera) > 60, "{}", played.len(camera));
        for index in 0..played.len(camera) {
            let info = played.frame_info(camera, index).unwrap();
            // Every other instant, over all rounds of 45.
            let instant = 2 * info.trigger.pulse().unwrap();
            let (round, position) = (instant / 45, instant % 45);
            assert_eq!(u64::from(info.segment.seam), round, "{info:?}");
            assert_eq!(info.source.map(|source| (u64::from(source.index), source.length)), Some((position, 45)));
        }
    }
    let mut replay = genlock(["demo", "--headless", "--no-learner", "--no-finder", "--seconds", "20"]);
    replay.arg("--from").arg(at("take")).arg("--data").arg(at("data")).arg("--report").arg(at("report.json"));
    succeed(&mut replay);
    let once = TakeReader::open(recorded(&json(&at("report.json")))).unwrap();
    assert_eq!((once.len(CameraId(0)), once.len(CameraId(1))), (45, 45));
}

/// The take that `make demo FOOTAGE=dir` would play.
fn footage(videos: &Path, cache: &Path) -> PathBuf {
    let target = binary("genlock").parent().and_then(Path::parent).expect("a target folder").to_owned();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/import-footage.sh");
    let mut import = Command::new("bash");
    import.arg(script).arg(videos).env("GENLOCK_CACHE", cache).env("CARGO_TARGET_DIR", target);
    PathBuf::from(succeed(&mut import).trim())
}

#[test]
fn a_link_to_another_video_is_another_take() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("videos")).unwrap();
    for name in ["cam1.mp4", "cam2.mp4"] {
        film(&at(name), 30);
        symlink(at(name), at("videos").join(name)).unwrap();
    }
    let frames = |take: &Path| TakeReader::open(take).unwrap().len(CameraId(0));
    let first = footage(&at("videos"), &at("cache"));
    assert_eq!((frames(&first), footage(&at("videos"), &at("cache"))), (30, first.clone()));
    for name in ["cam1.mp4", "cam2.mp4"] {
        film(&at(name), 20);
    }
    let second = footage(&at("videos"), &at("cache"));
    assert_eq!(frames(&second), 20);
    assert_eq!(footage(&second, &at("cache")), second, "a take needs no import");
}
