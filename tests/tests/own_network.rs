//! A session makes a network of its rig's own from the labels of its bodies.

use std::time::Duration;

use genlock_tests::{Running, eventually, footage, genlock, json, kill, quick_recipe, stand_in, take_and_finder};
use model::PoseModel;
use recipe::RigTraining;
use tch::Device;

/// What a session found on the footage, so that labels begin at once.
const GEOMETRY: &str = include_str!("pose_outputs/geometry.json");

#[test]
fn bodies_label_pictures_and_the_learner_refits_on_them() {
    let (Some(footage), Some((_, finder))) = (footage(), take_and_finder()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    // Small networks and batches, so that steps are quick. The one that lies in the file of the rig's own is of unknown origin.
    stand_in(64, 1).save(&at("shipped.safetensors")).unwrap();
    std::fs::create_dir_all(at("data/learner")).unwrap();
    let own = at("data/learner/own-network.safetensors");
    stand_in(64, 2).save(&own).unwrap();
    std::fs::write(at("data/geometry.json"), GEOMETRY).unwrap();
    let mut demo = genlock(["demo", "--headless", "--rate", "15", "--no-record"]);
    let recipe = quick_recipe(folder.path());
    let mut text = std::fs::read_to_string(&recipe).unwrap();
    for (usual, small) in
        [("times = 16", "times = 4"), ("pairs = 1000", "pairs = 100"), ("instants = 60", "instants = 12")]
    {
        assert!(text.contains(usual), "{text}");
        text = text.replace(usual, small);
    }
    std::fs::write(&recipe, text).unwrap();
    demo.arg("--footage").arg(footage).arg("--data").arg(at("data")).arg("--recipe").arg(recipe);
    demo.arg("--report").arg(at("report.json")).env("GENLOCK_POSE_MODEL", at("shipped.safetensors"));
    demo.env("GENLOCK_FINDER", finder);
    let session = Running::start(&mut demo);
    let training = eventually("a network of the rig's own", Duration::from_secs(240), || {
        let model = PoseModel::load(&own, Device::Cpu).ok()?;
        serde_json::from_str::<RigTraining>(&model.spec().training).ok()
    });
    assert!(training.finder.contains("BlazePose") && training.cameras.len() == 4, "{training}");
    assert!(training.steps >= 150 && training.pictures >= 200, "{training}");
    // Inference looks at the file twice a second, and judges it.
    std::thread::sleep(Duration::from_secs(5));
    kill(session.0.id(), libc::SIGTERM);
    assert!(session.finish(Duration::from_secs(60)).success());
    let report = json(&at("report.json"));
    let events = report["events"].to_string();
    assert!(events.contains("was not made by a rig's learner"), "{events}");

    let (refit, judged) = (&report["pretrain"]["refit"], &report["infer"]["own_network"]);
    println!("{refit}\n{judged}");
    // A refined geometry of another size gives up earlier labels, so there may be few pictures now.
    assert!(refit["steps"].as_u64() >= Some(150), "{refit}");
    assert!(refit["share"].as_f64().is_some_and(|share| share < 0.55), "{refit}");
    // A network of eight channels that learned for seconds is judged, and does not serve.
    assert!(judged["version"].is_string() && judged["lineage"].as_str().unwrap().contains("BlazePose"), "{judged}");
    assert_eq!((judged["serving"].as_str(), judged["switches"].as_u64()), (Some("finder"), Some(0)), "{judged}");
}
