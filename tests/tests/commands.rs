//! The small commands.

use genlock_tests::{fail, genlock, succeed};
use serde_json::{Value, json};

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
        std::fs::write(&path, json!({ "poses": [pose] }).to_string()).unwrap();
        path
    };
    let (truth, double) = (write("truth.json", 100.0), write("double.json", 200.0));
    let said = succeed(genlock(["metrics", "--json"]).arg(&double).arg(&truth));
    let metrics: Value = serde_json::from_str(&said).unwrap();
    let of = |key: &str| metrics[key].as_f64().unwrap();
    let keys: Vec<_> = metrics.as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys.len(), 5, "{keys:?}");
    // Twice too large: wrong before scaling, right after.
    assert!(of("mpjpe17") > 100.0 && (of("mpjpe16") / of("mpjpe17") - 17.0 / 16.0).abs() < 1e-9);
    assert!(of("nmpjpe17") < 1e-6 && of("nmpjpe16") < 1e-6 && of("pmpjpe17") < 1e-6);
    let said = fail(genlock(["metrics"]).arg(folder.path().join("gone.json")).arg(&truth));
    assert!(said.contains("gone.json"), "{said}");
}
