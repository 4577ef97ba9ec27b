//! Takes that are listed and replayed.

use std::path::Path;

use frame::{DeviceStamp, FrameInfo, HostTime, LossReason, Picture, PixelFormat, SegmentId, TriggerIndex};
use serde_json::{Value, json};
use take::{Gap, TakeInfo, TakeWriter};
use transport::BodyPose;

use super::*;

const RATE_HZ: i64 = 50;
const FIRST_NS: i64 = 5_000_000_000;

fn body(person: u32) -> BodyPose {
    BodyPose {
        person,
        geometry_id: "g".into(),
        joints_mm: vec![[1.0, 2.0, 3.0]; 17],
        landmarks_mm: vec![[4.0, 5.0, 6.0]; 7],
        uncertainty_mm: vec![10.0; 17],
        joint_views: vec![2; 17],
        landmark_views: vec![2; 7],
        cameras: vec![0, 1],
    }
}

/// A writer of a take with two cameras, 100 frames each, and poses of which every second one has a body.
pub fn take(folder: &Path, name: &str) -> TakeWriter {
    let info = TakeInfo {
        name: "session".into(),
        rig_toml: String::new(),
        cameras: vec!["left".into(), "right".into()],
        host: "local".into(),
        trigger_rate_hz: RATE_HZ as f64,
        source_rate_hz: None,
    };
    let mut writer = TakeWriter::create_named(folder, name, &info).unwrap();
    for sequence in 0..100 {
        let ns = FIRST_NS + sequence * 1_000_000_000 / RATE_HZ;
        for camera in [0, 1] {
            let frame = FrameInfo {
                camera: CameraId(camera),
                sequence: sequence as u64,
                segment: SegmentId::seam(0),
                trigger: TriggerIndex::Certain(sequence as u64),
                exposure: HostTime::monotonic(ns, 0),
                exposure_duration_ns: 0,
                arrival_ns: ns,
                device: DeviceStamp::default(),
                source: None,
                picture: Picture::packed(PixelFormat::Gray8, 2, 2),
            };
            writer.write_frame(&frame, &[1, 2, 3, 4]).unwrap();
        }
        let body = (sequence % 2 == 0).then(|| body(sequence as u32));
        let message = PoseMessage { body, exposure_ns: ns, ..message_without_people(sequence as u64) };
        writer.write_poses(ns, &serde_json::to_vec(&message).unwrap()).unwrap();
    }
    let gap = Gap { camera: CameraId(1), reason: LossReason::RingFull, first_sequence: 100, frames: 3, at_ns: 0 };
    writer.write_gap(&gap).unwrap();
    writer
}

impl Running {
    /// Status and JSON, or text, of a GET.
    async fn get(&self, path: &str) -> (u16, Value) {
        let response = self.request("GET", path, "").await;
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        let status = head.split_whitespace().nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or_else(|_| json!(body)))
    }
}

#[tokio::test]
async fn takes_are_listed_and_each_is_summed_up() {
    let running = start();
    let folder = running.takes.path();
    assert_eq!(running.get("/api/takes").await.1["takes"], json!([]));
    take(folder, "2030-01-01").finish().unwrap();
    drop(take(folder, "2030-01-02"));
    take(folder, "2030-01-03").finish().unwrap();
    std::fs::write(folder.join("2030-01-03/take.toml"), "format_version = ").unwrap();
    std::fs::create_dir(folder.join("no-take")).unwrap();
    std::fs::write(folder.join("a-file"), "").unwrap();
    let (status, list) = running.get("/api/takes").await;
    assert_eq!(status, 200);
    assert_eq!(list["takes"], json!(["2030-01-03", "2030-01-02", "2030-01-01"]));

    let (status, complete) = running.get("/api/takes/2030-01-01").await;
    assert_eq!((status, &complete["state"], &complete["problem"]), (200, &json!("complete"), &Value::Null));
    let contents = &complete["contents"];
    assert_eq!(contents["length_s"], json!(99.0 / RATE_HZ as f64));
    assert_eq!((&contents["frames"], &contents["bytes"]), (&json!(200), &json!(800)));
    assert_eq!((&contents["lost"], &contents["lost_by_reason"]), (&json!(3), &json!({ "ring-full": 3 })));
    assert_eq!((&contents["pose_messages"], &contents["bodies"]), (&json!(100), &json!(50)));

    let unfinished = running.get("/api/takes/2030-01-02").await.1;
    assert_eq!((&unfinished["state"], &unfinished["contents"]["bodies"]), (&json!("unfinished"), &json!(50)));
    let path = folder.join("2030-01-02").display().to_string();
    let recording = Some(RecordingView { path, ..Default::default() });
    running.page.set_status(LiveStatus { recording, ..Default::default() });
    let (_, recorded) = running.get("/api/takes/2030-01-02").await;
    assert_eq!((&recorded["state"], &recorded["problem"]), (&json!("recording"), &Value::Null));

    let (status, damaged) = running.get("/api/takes/2030-01-03").await;
    assert_eq!((status, &damaged["state"], &damaged["contents"]), (200, &json!("damaged"), &Value::Null));
    assert!(damaged["problem"].as_str().unwrap().contains("take.toml cannot be parsed"), "{damaged}");
    let (status, why) = running.get("/api/takes/2030-01-03/bodies").await;
    assert!(status == 409 && why.as_str().unwrap().contains("cannot be parsed"), "{status} {why}");
    running.stop().await;
}

#[tokio::test]
async fn a_summary_follows_the_take() {
    let running = start();
    let mut writer = take(running.takes.path(), "growing");
    assert_eq!(running.get("/api/takes/growing").await.1["contents"]["bodies"], 50);
    let message = PoseMessage { body: Some(body(0)), exposure_ns: FIRST_NS, ..message_without_people(0) };
    writer.write_poses(FIRST_NS, &serde_json::to_vec(&message).unwrap()).unwrap();
    assert_eq!(running.get("/api/takes/growing").await.1["contents"]["bodies"], 51);
    writer.finish().unwrap();
    assert_eq!(running.get("/api/takes/growing").await.1["state"], "complete");
    running.stop().await;
}

#[tokio::test]
async fn bodies_come_by_time_as_they_were_streamed() {
    let running = start();
    take(running.takes.path(), "take").finish().unwrap();
    let (status, window) = running.get("/api/takes/take/bodies?from_s=0.5&seconds=0.2").await;
    assert_eq!((status, &window["from_s"], &window["until_s"]), (200, &json!(0.5), &json!(0.7)));
    let bodies = window["bodies"].as_array().unwrap();
    let at: Vec<_> = bodies.iter().map(|body| body["at_s"].as_f64().unwrap()).collect();
    assert_eq!(at, [0.52, 0.56, 0.6, 0.64, 0.68]);
    assert_eq!(bodies[0]["body"], serde_json::to_value(body(26)).unwrap());
    assert_eq!(running.get("/api/takes/take/bodies").await.1["bodies"].as_array().unwrap().len(), 50);
    assert_eq!(running.get("/api/takes/take/bodies?from_s=9e15").await.1["bodies"], json!([]));
    for query in ["from_s=-1", "from_s=NaN", "seconds=0", "seconds=61", "seconds=inf", "from_s=x"] {
        let (status, why) = running.get(&format!("/api/takes/take/bodies?{query}")).await;
        assert!(status == 400 && why.as_str().is_some_and(|why| why.len() > 20), "{query}: {status} {why}");
    }
    let (status, why) = running.get("/api/takes/take/geometry").await;
    assert!(status == 404 && why.as_str().unwrap().contains("no geometry"), "{status} {why}");
    std::fs::write(running.takes.path().join("take/geometry.json"), "{}").unwrap();
    let (status, why) = running.get("/api/takes/take/geometry").await;
    assert!(status == 409 && why.as_str().unwrap().contains("geometry.json: missing field"), "{status} {why}");
    running.stop().await;
}

#[tokio::test]
async fn nothing_outside_the_folder_is_read() {
    let running = start();
    let folder = running.takes.path().to_owned();
    let outside = tempfile::tempdir().unwrap();
    take(outside.path(), "secret").finish().unwrap();
    let secret = outside.path().join("secret");
    take(&folder, "take").finish().unwrap();
    std::os::unix::fs::symlink(&secret, folder.join("linked")).unwrap();
    take(&folder, "with-a-link").finish().unwrap();
    std::os::unix::fs::symlink(secret.join("take.toml"), folder.join("with-a-link/geometry.json")).unwrap();
    // A take one level deeper is none of this folder, either.
    std::fs::create_dir(folder.join("deeper")).unwrap();
    take(&folder.join("deeper"), "take").finish().unwrap();
    assert_eq!(running.get("/api/takes").await.1["takes"], json!(["take"]));
    let relative = format!("../{}/secret", outside.path().file_name().unwrap().to_str().unwrap());
    let all = secret.display().to_string();
    for name in ["..", ".", "linked", "with-a-link", "deeper/take", "take/.", "take/../take", &relative, &all, "", "\0"]
    {
        let coded: String = name.bytes().map(|byte| format!("%{byte:02x}")).collect();
        for end in ["", "/bodies", "/geometry"] {
            let (status, answer) = running.get(&format!("/api/takes/{coded}{end}")).await;
            assert!(status == 404 || status == 400, "{name}{end}: {status} {answer}");
        }
    }
    for path in ["/api/takes/../../secret", "/api/takes/..", "/api/takes//take"] {
        assert_eq!(running.get(path).await.0, 404, "{path}");
    }
    running.stop().await;
}
