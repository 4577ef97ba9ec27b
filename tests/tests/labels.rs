//! Labels that people bring, joined to a real take whose pictures show whether they can be right.

use std::path::{Path, PathBuf};

use genlock_tests::{fail, genlock, json, succeed, test_data};

struct Case {
    take: PathBuf,
    cases: PathBuf,
    folder: tempfile::TempDir,
}

fn case() -> Option<Case> {
    let take = std::env::var_os("GENLOCK_FOOTAGE_TAKE").map(PathBuf::from);
    if take.is_none() {
        println!("skipped: GENLOCK_FOOTAGE_TAKE is unset; `make test` prepares it");
    }
    let cases = test_data()?.join("field_cases");
    Some(Case { take: take?, cases, folder: tempfile::tempdir().unwrap() })
}

impl Case {
    fn import(&self, markers: &Path, words: &[&str]) -> std::process::Command {
        let mut import = genlock(["labels", "import", "--markers"]);
        import.arg(markers).arg("--calibration").arg(self.cases.join("calibration.json"));
        import.arg("--take").arg(&self.take).arg("--out").arg(self.out()).args(words);
        import
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("labels.json")
    }

    /// The healthy markers with each position changed.
    fn changed(&self, change: impl Fn([f64; 3]) -> [f64; 3]) -> PathBuf {
        let text = std::fs::read_to_string(self.cases.join("ok.trc")).unwrap();
        let row = |line: &str| {
            let mut cells: Vec<String> = line.split('\t').map(str::to_owned).collect();
            for at in (2..cells.len().saturating_sub(2)).step_by(3) {
                let position = [0, 1, 2].map(|axis| cells[at + axis].parse().unwrap_or(f64::NAN));
                for (axis, value) in change(position).into_iter().enumerate().filter(|(_, value)| value.is_finite()) {
                    cells[at + axis] = value.to_string();
                }
            }
            cells.join("\t")
        };
        let lines = text.lines().enumerate().map(|(at, line)| if at < 5 { line.to_owned() } else { row(line) });
        let path = self.folder.path().join("changed.trc");
        std::fs::write(&path, lines.collect::<Vec<_>>().join("\n") + "\n").unwrap();
        path
    }
}

#[test]
fn labels_that_fit_are_joined_to_their_take() {
    let Some(case) = case() else { return };
    let said = succeed(&mut case.import(&case.cases.join("ok.trc"), &[]));
    assert!(said.contains("400 labels in 4 views"), "{said}");
    assert_eq!(json(&case.out())["provenance"]["source_frames"], 100);
}

#[test]
fn cameras_that_were_exchanged_are_named() {
    let Some(case) = case() else { return };
    let words = ["--camera", "cam03=cam04", "--camera", "cam04=cam03"];
    let said = fail(&mut case.import(&case.cases.join("ok.trc"), &words));
    assert!(said.contains("what moves in cam03 fits the labels of cam04 better"), "{said}");
    assert!(!case.out().exists());
}

#[test]
fn poses_of_another_rate_beginning_or_place_are_refused() {
    let Some(case) = case() else { return };
    let said = fail(&mut case.import(&case.cases.join("trc-rate/rate30.trc"), &[]));
    assert!(said.contains("30.00 instants a second and the source 60.00 frames"), "{said}");
    let said = fail(&mut case.import(&case.cases.join("ok.trc"), &["--first", "10"]));
    assert!(said.contains("9 frames earlier"), "{said}");
    let mirrored = case.changed(|[x, y, z]| [-x, y, z]);
    let said = fail(&mut case.import(&mirrored, &[]));
    assert!(said.contains("an axis of the file is mirrored"), "{said}");
    let shifted = case.changed(|[x, y, z]| [x + 0.5, y, z]);
    let said = fail(&mut case.import(&shifted, &[]));
    assert!(said.contains("no better than at other instants"), "{said}");
    let turned = case.changed(|[x, y, z]| [-x, y, -z]);
    let said = fail(&mut case.import(&turned, &[]));
    assert!(said.contains("% of the joints in its picture"), "{said}");
}

/// Labels that are all a little too large or too small still lie on the person.
#[test]
fn focal_lengths_that_are_wrong_are_refused() {
    let Some(case) = case() else { return };
    let ok = case.cases.join("ok.trc");
    for wrong in [0.85, 1.2] {
        let mut calibration = json(&case.cases.join("calibration.json"));
        for camera in calibration["cameras"].as_array_mut().unwrap() {
            for axis in [0, 1] {
                let focal = &mut camera["K"][axis][axis];
                *focal = (focal.as_f64().unwrap() * wrong).into();
            }
        }
        let file = case.folder.path().join("calibration.json");
        std::fs::write(&file, calibration.to_string()).unwrap();
        let mut import = genlock(["labels", "import", "--markers"]);
        import.arg(&ok).arg("--calibration").arg(&file).arg("--take").arg(&case.take).arg("--out").arg(case.out());
        let said = fail(&mut import);
        assert!(said.contains("focal lengths of the calibration are wrong"), "{wrong}: {said}");
    }
}

#[test]
fn names_are_met_or_missed_in_words() {
    let Some(case) = case() else { return };
    let ok = case.cases.join("ok.trc");
    let said = fail(&mut case.import(&ok, &["--camera", "left=cam01"]));
    assert!(said.contains("it has no camera left; there are cam01, cam02, cam03, cam04"), "{said}");
    let said = fail(&mut case.import(&ok, &["--camera", "cam01=left"]));
    assert!(said.contains("no camera \"left\"; there are cam01"), "{said}");
    let text = std::fs::read_to_string(case.cases.join("calibration.json")).unwrap();
    let one_renamed = case.folder.path().join("calibration.json");
    std::fs::write(&one_renamed, text.replace("\"cam01\"", "\"left\"")).unwrap();
    let mut import = genlock(["labels", "import", "--markers"]);
    import.arg(&ok).arg("--calibration").arg(&one_renamed).arg("--take").arg(&case.take).arg("--out").arg(case.out());
    let output = import.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("the calibration lacks cam01"), "{said}");
    assert!(said.contains("the take lacks left of the calibration"), "{said}");
    let named = succeed(import.args(["--camera", "cam01=left"]));
    assert!(named.contains("400 labels in 4 views"), "{named}");
}

#[test]
fn a_calibration_that_the_rig_s_own_geometry_contradicts_is_refused() {
    let Some(case) = case() else { return };
    let cameras = json(&case.cases.join("calibration.json"));
    // As the calibration has it, and with two cameras exchanged.
    let geometry = |names: [&str; 4]| {
        let mut entries = serde_json::Map::new();
        for (camera, name) in cameras["cameras"].as_array().unwrap().iter().zip(names) {
            let entry = serde_json::json!({
                "rotation": camera["R"], "position_mm": [0.0, 0.0, 0.0], "focal_px": camera["K"][0][0],
                "principal_point_px": [camera["K"][0][2], camera["K"][1][2]], "size_px": [1088.0, 1920.0],
                "distortion": "none", "time_offset_frames": null, "residual_px": 1.0, "uncertainty": null,
            });
            entries.insert(name.to_owned(), entry);
        }
        let mut geometry: serde_json::Value = serde_json::from_str(include_str!("pose_outputs/geometry.json")).unwrap();
        geometry["cameras"] = entries.into();
        let path = case.folder.path().join("geometry.json");
        std::fs::write(&path, geometry.to_string()).unwrap();
        path
    };
    let compared = |geometry: &Path| {
        let mut import = case.import(&case.cases.join("ok.trc"), &["--geometry"]);
        import.arg(geometry);
        import
    };
    let said = succeed(&mut compared(&geometry(["cam01", "cam02", "cam03", "cam04"])));
    assert!(said.contains("agree to 0.0°"), "{said}");
    let said = fail(&mut compared(&geometry(["cam02", "cam01", "cam03", "cam04"])));
    assert!(said.contains("otherwise than the geometry that the rig found for itself"), "{said}");
}
