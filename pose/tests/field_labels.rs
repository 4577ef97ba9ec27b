//! Labels as people bring them: small files, each with a fault that is common in the field.

use std::path::{Path, PathBuf};

use nalgebra::Vector3;
use pose::calibration::{self, CalibratedCamera};
use pose::labels::{self, ImportOptions, Imported};
use pose::trc;

fn cases() -> Option<PathBuf> {
    let cases = std::env::var_os("GENLOCK_TEST_DATA").map(|root| Path::new(&root).join("field_cases"));
    let cases = cases.filter(|folder| folder.is_dir());
    if cases.is_none() {
        eprintln!("skipped: GENLOCK_TEST_DATA names no folder with field_cases");
    }
    cases
}

fn import(cases: &Path, file: &str) -> Result<Imported, String> {
    let calibration = cases.join("calibration.json");
    labels::import(&cases.join(file), &calibration, ImportOptions::default()).map_err(|error| error.to_string())
}

#[test]
fn other_ways_to_write_the_same_read_the_same() {
    let Some(cases) = cases() else { return };
    let plain = trc::read(&cases.join("ok.trc")).unwrap();
    for file in ["trc-bom/bom.trc", "trc-comma-spaces/comma.trc", "trc-comma-spaces/spaces.trc"] {
        let read = trc::read(&cases.join(file)).unwrap();
        assert_eq!(read.frames[..], plain.frames[..read.frames.len()], "{file}");
        let Imported { labels, remarks } = import(&cases, file).unwrap();
        assert!(labels.cameras.iter().all(|camera| camera.frames.len() == read.frames.len()), "{file}");
        assert!(remarks.iter().any(|remark| remark.contains("announces 100 frames")), "{file}: {remarks:?}");
    }
}

#[test]
fn a_wrong_unit_is_refused_with_the_right_one() {
    let Some(cases) = cases() else { return };
    for (file, right) in [("trc-wrong-units/a.trc", "in m they"), ("trc-wrong-units/b.trc", "in mm they")] {
        let error = import(&cases, file).unwrap_err();
        assert!(error.contains("mm long") && error.contains(right), "{error}");
    }
}

#[test]
fn markers_at_zero_were_not_seen() {
    let Some(cases) = cases() else { return };
    let Imported { labels, remarks } = import(&cases, "trc-zero-missing/zero.trc").unwrap();
    assert_eq!(labels.provenance.unlabelled, (30..60).collect::<Vec<_>>());
    assert!(remarks.iter().any(|remark| remark.contains("30 positions are 0 0 0")), "{remarks:?}");
}

#[test]
fn nothing_usable_is_refused_with_the_reason() {
    let Some(cases) = cases() else { return };
    let error = import(&cases, "trc-nothing-usable/nohead.trc").unwrap_err();
    assert!(error.contains("never seen in its 100 rows: Head"), "{error}");
    let error = import(&cases, "trc-nothing-usable/norows.trc").unwrap_err();
    assert!(error.contains("no rows of markers"), "{error}");
    let short = import(&cases, "trc-nothing-usable/short.trc").unwrap();
    assert!(short.remarks.iter().any(|remark| remark.contains("frames, and")), "{:?}", short.remarks);
}

/// Variants that reprojection and silhouettes do not show.
#[test]
fn left_and_right_exchanged_and_a_mirrored_axis_are_refused() {
    let Some(cases) = cases() else { return };
    let text = std::fs::read_to_string(cases.join("ok.trc")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let refused = |text: &str, said: &str| {
        let path = folder.path().join("a.trc");
        std::fs::write(&path, text).unwrap();
        let calibration = cases.join("calibration.json");
        let error = labels::import(&path, &calibration, ImportOptions::default()).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    };
    let named = |part: &str, text: &str| {
        let (left, right) = (format!("\tL{part}"), format!("\tR{part}"));
        text.replace(&left, "\t?").replace(&right, &left).replace("\t?", &right)
    };
    let limbs = ["Hip", "Knee", "Ankle", "Shoulder", "Elbow", "Wrist"];
    let all = limbs.iter().fold(text.clone(), |text, part| named(part, &text));
    refused(&all, "left and right were exchanged, or an axis of the file is mirrored");
    refused(&named("Knee", &text), "hips and knees contradict each other");
    let mirrored = text.lines().enumerate().map(|(at, line)| {
        let mut cells: Vec<String> = line.split('\t').map(str::to_owned).collect();
        if at >= 5 {
            cells.iter_mut().skip(2).step_by(3).for_each(|x| *x = format!("-{x}").replace("--", ""));
        }
        cells.join("\t") + "\n"
    });
    refused(&mirrored.collect::<String>(), "mirrored");
}

/// How far pictures of points within the room are apart by two calibrations, in pixels; the worst.
fn apart_px(a: &[CalibratedCamera], b: &[CalibratedCamera]) -> f64 {
    let camera = |name: &str| b.iter().find(|camera| camera.name == name).unwrap();
    let points = (0..27).map(|at| Vector3::new((at % 3) as f64, (at / 3 % 3) as f64, (at / 9) as f64) * 600.0);
    let points: Vec<_> = points.map(|at| at - Vector3::new(600.0, 600.0, 0.0)).collect();
    let of = |camera: &CalibratedCamera, at: &Vector3<f64>| camera.project(camera.to_camera(*at));
    let apart = |one: &CalibratedCamera| {
        let other = camera(&one.name);
        let px = points.iter().filter_map(|at| Some((of(one, at)? - of(other, at)?).norm()));
        px.fold(0.0, f64::max)
    };
    a.iter().map(apart).fold(0.0, f64::max)
}

#[test]
fn calibrations_of_the_neighbours_show_the_same() {
    let Some(cases) = cases() else { return };
    let read = |file: &str| calibration::read(&cases.join(file)).unwrap_or_else(|error| panic!("{error}"));
    let plain = read("calibration.json");
    for (file, px) in [
        ("calib-bom-dist/bom.json", 0.0),
        ("calib-bom-dist/dist4.json", 0.0),
        ("calib-bom-dist/dist8.json", 0.0),
        ("calib-bom-dist/qca_bom.txt", 0.1),
        ("calib-toml/Calib.toml", 0.1),
        // It has one coefficient of distortion.
        ("calib-toml/anipose.toml", 25.0),
    ] {
        let other = read(file);
        assert_eq!(other.len(), plain.len(), "{file}");
        let apart = apart_px(&plain, &other);
        assert!(apart <= px, "{file}: {apart} px");
    }
    assert!(apart_px(&plain, &read("calib-silent/fish.json")) > 10.0, "a fisheye lens bends otherwise");
}

#[test]
fn calibrations_that_cannot_be_right_are_refused() {
    let Some(cases) = cases() else { return };
    for (file, why) in [
        ("calib-silent/t_mm.json", "millimetres were taken for metres"),
        ("calib-silent/cam2world.json", "its convention is another one"),
        ("calib-silent/size_landscape.json", "width and height seem to be exchanged"),
        ("calib-silent/qca_duplicate.txt", "two cameras are called cam01"),
    ] {
        let imported = labels::import(&cases.join("ok.trc"), &cases.join(file), ImportOptions::default());
        let error = imported.unwrap_err().to_string();
        assert!(error.contains(why), "{file}: {error}");
    }
}

#[test]
fn seventeen_keypoints_without_neck_and_head_are_enough() {
    let Some(cases) = cases() else { return };
    let Imported { labels, .. } = import(&cases, "trc-coco17/coco17.trc").unwrap();
    assert!(labels.joint_set.contains("thorax, head derived"), "{}", labels.joint_set);
    assert!(labels.cameras.iter().all(|camera| !camera.frames.is_empty()));
}
