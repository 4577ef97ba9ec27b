//! The small commands of the binary.

use std::path::Path;

use frame::CameraId;
use genlock_tests::{fail, genlock, json, recorded, succeed};
use serde_json::Value;
use take::TakeReader;

#[test]
fn cameras_are_listed_and_none_is_no_error() {
    let said = succeed(&mut genlock(["cameras"]));
    assert!(!said.trim().is_empty());
}

#[test]
fn metrics_of_two_pose_files() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, scale: f64| {
        let pose: Vec<[f64; 3]> =
            (0..17).map(|j| [f64::from(j) * scale, f64::from(j % 3) * scale, f64::from(j % 5) * scale]).collect();
        let path = folder.path().join(name);
        std::fs::write(&path, serde_json::json!({ "poses": [pose] }).to_string()).unwrap();
        path
    };
    let (truth, double) = (write("truth.json", 100.0), write("double.json", 200.0));
    let said = succeed(genlock(["metrics", "--json"]).arg(&double).arg(&truth));
    let metrics: Value = serde_json::from_str(&said).unwrap();
    let of = |key: &str| metrics[key].as_f64().unwrap();
    let keys: Vec<_> = metrics.as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys.len(), 5, "{keys:?}");
    // Twice too large: wrong before scaling, correct after.
    assert!(of("mpjpe17") > 100.0 && (of("mpjpe16") / of("mpjpe17") - 17.0 / 16.0).abs() < 1e-9);
    assert!(of("nmpjpe17") < 1e-6 && of("nmpjpe16") < 1e-6 && of("pmpjpe17") < 1e-6);
    let said = fail(genlock(["metrics"]).arg(folder.path().join("gone.json")).arg(&truth));
    assert!(said.contains("gone.json"), "{said}");
}

/// Records a rig of two cameras, and returns the take.
fn capture(folder: &Path, camera: &str, rate_hz: f64, seconds: &str) -> TakeReader {
    let (rig, report) = (folder.join("rig.toml"), folder.join("report.json"));
    let cameras: String = ["a", "b"].map(|name| format!("[[camera]]\nname = {name:?}\n{camera}\n")).concat();
    let head = format!("version = 1\nname = \"two\"\n[trigger]\nmode = \"hardware\"\nrate-hz = {rate_hz:?}\n");
    std::fs::write(&rig, format!("{head}{cameras}")).unwrap();
    let mut command = genlock(["capture", "--seconds", seconds, "--record"]);
    succeed(command.arg(folder.join("takes")).arg("--report").arg(&report).arg(&rig));
    TakeReader::open(recorded(&json(&report))).unwrap()
}

#[test]
fn a_take_is_played_by_the_cameras_of_a_rig_with_the_same_pulses() {
    let folder = tempfile::tempdir().unwrap();
    let simulated = "driver = \"simulated\"\nwidth-px = 64\nheight-px = 48";
    let original = capture(folder.path(), simulated, 50.0, "3");
    let again = format!("driver = \"replay\"\nsource = {:?}", original.directory());
    // It ends by itself.
    let replayed = capture(folder.path(), &again, 50.0, "60");
    for camera in [CameraId(0), CameraId(1)] {
        let triggers = |take: &TakeReader| -> Vec<_> {
            (0..take.len(camera)).map(|at| take.frame_info(camera, at).unwrap().trigger).collect()
        };
        assert!(original.len(camera) > 40, "{}", original.len(camera));
        assert_eq!(triggers(&original), triggers(&replayed));
    }
    let rig = folder.path().join("rig.toml");
    let text = std::fs::read_to_string(&rig).unwrap();
    std::fs::write(&rig, text.replacen(&again, simulated, 1)).unwrap();
    let said = fail(genlock(["capture"]).arg(&rig));
    assert!(said.contains("pulses of its own session"), "{said}");
    std::fs::write(&rig, text).unwrap();
    let gone = "driver = \"replay\"\nsource = \"no-such-take\"";
    std::fs::write(&rig, std::fs::read_to_string(&rig).unwrap().replace(&again, gone)).unwrap();
    let said = fail(genlock(["capture"]).arg(&rig));
    assert!(said.contains("no-such-take"), "{said}");
}

#[test]
fn a_video_is_played_by_the_cameras_of_a_rig_at_its_pulses() {
    let folder = tempfile::tempdir().unwrap();
    let video = folder.path().join("film.mov");
    let mut make = std::process::Command::new("ffmpeg");
    make.args(["-v", "error", "-f", "lavfi", "-i", "testsrc2=s=64x48:r=60", "-frames:v", "100", "-c:v", "mjpeg"]);
    succeed(make.args(["-pix_fmt", "yuvj420p"]).arg(&video));
    let camera = format!("driver = \"replay\"\nsource = {video:?}");
    // 100 pictures at 60 Hz, of which pulses at 20 Hz take every third.
    let take = capture(folder.path(), &camera, 20.0, "60");
    for camera in [CameraId(0), CameraId(1)] {
        let info = |at: usize| take.frame_info(camera, at).unwrap();
        assert_eq!(take.len(camera), 34);
        for at in 0..34 {
            let shown = (info(at).trigger.pulse(), info(at).source.map(|source| source.index));
            assert_eq!(shown, (Some(at as u64), Some(3 * at as u32)));
        }
    }
    let rig = folder.path().join("rig.toml");
    std::fs::write(&rig, std::fs::read_to_string(&rig).unwrap().replace("= 20.0", "= 25.0")).unwrap();
    let said = fail(genlock(["capture"]).arg(&rig));
    assert!(said.contains("60 pictures a second"), "{said}");
}
