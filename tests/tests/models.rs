//! Which pose model is used, the shipped one or the user's own once it exists, and what is reported about it.

use std::path::Path;
use std::time::Duration;

use futures_util::StreamExt;
use genlock_tests::{Running, eventually, footage, genlock, json, kill, stand_in, succeed};
use model::{Background, PoseModel};
use serde_json::Value;
use tch::Device;
use tokio_tungstenite::connect_async;

/// The next message of a JSON stream that satisfies a condition.
async fn heard(url: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let (mut socket, _) = connect_async(url).await.unwrap();
    let mut last = Value::Null;
    let listen = async {
        while let Some(Ok(message)) = socket.next().await {
            last = serde_json::from_str(message.to_text().unwrap_or_default()).unwrap_or_default();
            if wanted(&last) {
                return Some(last.clone());
            }
        }
        None
    };
    let found = tokio::time::timeout(Duration::from_secs(60), listen).await.ok().flatten();
    found.unwrap_or_else(|| panic!("{what}: not heard at {url}, but {last}"))
}

#[tokio::test]
async fn the_shipped_model_serves_until_there_is_one_of_the_users() {
    let Some(footage) = footage() else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let [shipped, own] = [1, 2].map(|seed| stand_in(64, seed));
    shipped.save_f16(&at("shipped.safetensors")).unwrap();
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut demo = genlock(["demo", "--rate", "15", "--no-learner", "--no-record", "--plain", "--listen"]);
    demo.arg(address.to_string()).arg("--footage").arg(footage).arg("--data").arg(at("data"));
    demo.arg("--report").arg(at("report.json")).env("GENLOCK_POSE_MODEL", at("shipped.safetensors"));
    let session = Running::start(&mut demo);
    eventually("the page's port", Duration::from_secs(20), || std::net::TcpStream::connect(address).ok());
    let (live, poses) = (format!("ws://{address}/live"), format!("ws://{address}/poses"));

    let by = |origin: &'static str| move |status: &Value| status["infer"]["model_origin"] == origin;
    let status =
        heard(&live, "the shipped model", |s| by("shipped")(s) && s["infer"]["poses"].as_u64() > Some(0)).await;
    let state = status["infer"]["state"].as_str().unwrap();
    assert!(state.starts_with("poses by the shipped model (") && state.ends_with(", on plain pictures)"), "{state}");
    heard(&poses, "its poses", |message| message["model_origin"] == "shipped").await;

    own.save(&at("data/pose-model.safetensors")).unwrap();
    let status = heard(&live, "the user's model", by("own")).await;
    assert_eq!(status["infer"]["model_version"], own.version().unwrap());
    let message = heard(&poses, "its poses", |message| message["model_origin"] == "own").await;
    assert_eq!(message["model"], own.version().unwrap());
    kill(session.0.id(), libc::SIGTERM);
    assert!(session.finish(Duration::from_secs(60)).success());
    let infer = &json(&at("report.json"))["infer"];
    assert_eq!(infer["model_origin"], "own");
    assert!(infer["state"].as_str().unwrap().contains("your own model"), "{infer}");
}

#[test]
fn a_recipe_of_another_crop_size_is_told_so() {
    let Some(footage) = footage() else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    stand_in(64, 1).save(&at("shipped.safetensors")).unwrap();
    std::fs::write(at("recipe.toml"), "crop-px = 96\n").unwrap();
    let mut demo = genlock(["demo", "--headless", "--rate", "15", "--no-learner", "--no-record", "--seconds", "20"]);
    demo.arg("--footage").arg(footage).arg("--data").arg(at("data")).arg("--recipe").arg(at("recipe.toml"));
    demo.arg("--report").arg(at("report.json")).env("GENLOCK_POSE_MODEL", at("shipped.safetensors"));
    succeed(&mut demo);
    let report = json(&at("report.json"));
    let state = report["infer"]["state"].as_str().unwrap();
    assert_eq!(report["infer"]["poses"], 0);
    for part in ["no poses by the shipped model", "crops of 64 px", "sends 96 px", "`crop-px = 64`"] {
        assert!(state.contains(part), "{part} in: {state}");
    }
}

/// The shipped model fits the demo's pictures.
#[test]
fn the_shipped_file_is_one_for_the_demo() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../weights/pose.safetensors");
    if !path.is_file() {
        println!("skipped: no pose model ships in this checkout");
        return;
    }
    let model = PoseModel::load(&path, Device::Cpu).unwrap();
    let spec = model.spec();
    let demo = recipe::PretrainRecipe::load(&path.with_file_name("../recipes/demo-cpu.toml")).unwrap();
    let preprocessing = subject::Preprocessing::with_crop_px(demo.crop_px);
    assert_eq!((spec.crop_px, &spec.joint_names[..]), (demo.crop_px.into(), &pose::JOINT_NAMES.map(String::from)[..]));
    assert_eq!(spec.preprocessing_hash, format!("{:016x}", preprocessing.hash()));
    assert!(model.has_heads() && spec.takes(Background::Removed) && spec.takes(Background::Kept), "{spec:?}");
}
