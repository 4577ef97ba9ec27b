//! A pose model made from a session's own checkpoint, live on a replay: streamed poses equal those of `eval`.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt;
use genlock_tests::{Running, eventually, footage, genlock, json, kill, quick_recipe, succeed, test_data};
use serde_json::Value;
use tokio_tungstenite::connect_async;
use transport::{FrameOfReference, POSE_SCHEMA_VERSION, PoseMessage, TriggerState};

/// Maximum difference between streamed and recomputed joints.
const WITHIN_MM: f32 = 0.1;
const ENOUGH: usize = 60;

/// Joints by frame set and camera.
type Poses = BTreeMap<(u64, u16), Vec<[f32; 3]>>;

#[tokio::test]
async fn streamed_poses_are_those_of_eval_on_the_same_samples() {
    let (Some(footage), Some(data)) = (footage(), test_data()) else { return };
    let data = data.join("pose2sim_single");
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (labels, model, samples, report) =
        (at("labels.json"), at("model.safetensors"), at("samples.moments"), at("report.json"));

    // A session with a learner, for its checkpoint and its take.
    let recipe = quick_recipe(folder.path());
    let mut session = genlock(["demo", "--headless", "--rate", "15", "--footage"]);
    session.arg(&footage).arg("--data").arg(at("data")).arg("--report").arg(&report);
    let learning = Running::start(session.arg("--recipe").arg(&recipe));
    let checkpoint = at("data/learner/learner.safetensors");
    eventually("a checkpoint", Duration::from_secs(180), || checkpoint.is_file().then_some(()));
    kill(learning.0.id(), libc::SIGTERM);
    assert!(learning.finish(Duration::from_secs(60)).success());
    let take = json(&report)["recording"]["path"].as_str().unwrap().to_owned();

    let mut import = genlock(["labels", "import", "--trc"]);
    import.arg(data.join("pose3d/S00_P00_T01_BalancingTrial_0-100_filt_butterworth.trc"));
    succeed(import.arg("--calibration").arg(data.join("calibration.json")).arg("--out").arg(&labels));
    let mut finetune = genlock(["finetune", "--steps", "40", "--session", &take, "--labels"]);
    succeed(finetune.arg(&labels).arg("--from").arg(&checkpoint).arg("--out").arg(&model));

    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut live = genlock(["demo", "--rate", "15", "--no-learner", "--no-record", "--infer-precision", "f32"]);
    live.args(["--seconds", "15", "--listen", &address.to_string(), "--footage"]).arg(&footage);
    live.arg("--data").arg(at("live")).arg("--model").arg(&model).arg("--store-samples").arg(&samples);
    let running = Running::start(live.arg("--report").arg(&report));
    eventually("the page's port", Duration::from_secs(20), || std::net::TcpStream::connect(address).ok());
    let (mut socket, _) = connect_async(format!("ws://{address}/poses")).await.unwrap();
    let mut streamed = Poses::new();
    while let Ok(Some(Ok(message))) = tokio::time::timeout(Duration::from_secs(40), socket.next()).await {
        let Ok(text) = message.to_text() else { continue };
        let Ok(message) = serde_json::from_str::<PoseMessage>(text) else { continue };
        assert_eq!((message.version, message.trigger_state), (POSE_SCHEMA_VERSION, TriggerState::Certain));
        assert!(message.latency_ms > 0.0 && message.exposure_utc_ns.is_some() && message.source_index.is_some());
        for pose in message.poses {
            assert_eq!(pose.frame_of_reference, FrameOfReference::LookAtSubject);
            assert_eq!(pose.joints_mm[0], [0.0; 3], "the root is the origin");
            streamed.insert((message.set_index, pose.camera), pose.joints_mm);
        }
    }
    assert!(running.finish(Duration::from_secs(60)).success());
    let infer = &json(&report)["infer"];
    assert!(infer["poses"].as_u64().unwrap() > 0 && infer["model_version"].is_string(), "{infer}");

    let out = at("eval.json");
    let mut eval = genlock(["eval", "--precision", "f32", "--model"]);
    let said = succeed(eval.arg(&model).arg("--moments").arg(&samples).arg("--out").arg(&out));
    println!("{said}");
    let computed = recomputed(&json(&out));
    let mut worst = 0.0_f32;
    for (key, joints) in &streamed {
        let again = computed.get(key).unwrap_or_else(|| panic!("set and camera {key:?} were streamed but not stored"));
        for (a, b) in joints.iter().flatten().zip(again.iter().flatten()) {
            worst = worst.max((a - b).abs());
        }
    }
    println!("{} streamed poses differ from eval by at most {worst} mm", streamed.len());
    assert!(streamed.len() >= ENOUGH, "only {} poses were streamed", streamed.len());
    assert!(worst <= WITHIN_MM, "{worst} mm");
    // They are poses of a moving person, not constant.
    let first = streamed.values().next().unwrap();
    assert!(
        streamed.values().any(|joints| joints
            .iter()
            .flatten()
            .zip(first.iter().flatten())
            .any(|(a, b)| (a - b).abs() > 20.0))
    );
}

fn recomputed(file: &Value) -> Poses {
    let pose = |pose: &Value| {
        let key = (pose["set_index"].as_u64().unwrap(), pose["camera"].as_u64().unwrap() as u16);
        (key, serde_json::from_value(pose["joints_mm"].clone()).unwrap())
    };
    file["poses"].as_array().unwrap().iter().map(pose).collect()
}
