//! The import of labels on a real recording: four views of one person, whose poses were triangulated from detections.

use std::path::{Path, PathBuf};

use nalgebra::Vector3;
use pose::labels::{ImportOptions, Imported, LabelledView};
use pose::mapping::Mapping;
use pose::{JOINTS, Labels, PoseError, calibration, labels, look_at, trc};

struct Data {
    trc: PathBuf,
    json: PathBuf,
    qca: PathBuf,
    pose2d: PathBuf,
}

fn data() -> Option<Data> {
    let Some(root) = std::env::var_os("GENLOCK_TEST_DATA") else {
        eprintln!("skipped: GENLOCK_TEST_DATA names no folder with pose2sim_single");
        return None;
    };
    let single = Path::new(&root).join("pose2sim_single");
    Some(Data {
        trc: single.join("pose3d/S00_P00_T01_BalancingTrial_0-100_filt_butterworth.trc"),
        json: single.join("calibration.json"),
        qca: single.join("calibration/Calib.qca.txt"),
        pose2d: single.join("pose2d"),
    })
}

fn imported(trc: &Path, calibration: &Path) -> Labels {
    labels::import(trc, calibration, ImportOptions::default()).unwrap().labels
}

#[test]
fn every_view_gets_every_instant_inside_its_picture() {
    let Some(data) = data() else { return };
    let labels = imported(&data.trc, &data.json);
    assert_eq!(
        labels.cameras.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(),
        ["cam01", "cam02", "cam03", "cam04"]
    );
    assert!(labels.provenance.unlabelled.is_empty());
    for camera in &labels.cameras {
        let indices: Vec<u32> = camera.frames.iter().map(|frame| frame.source_index).collect();
        assert_eq!(indices, (0..100).collect::<Vec<_>>());
        assert_eq!(camera.size_px, [1088, 1920]);
        for frame in &camera.frames {
            assert_eq!(frame.joints_mm[0], [0.0; 3]);
            assert_eq!(frame.root_px, frame.joints_px[0]);
            for [x, y] in frame.joints_px {
                assert!((0.0..1088.0).contains(&x) && (0.0..1920.0).contains(&y), "{} {x} {y}", camera.name);
            }
            // y points down, and the subject, who bends and leans, is of human size.
            let [hip, knee, head] = [1, 2, 10].map(|joint| Vector3::from(frame.joints_mm[joint]));
            assert!(head.y < -300.0, "{head}");
            assert!((300.0..500.0).contains(&(knee - hip).norm()), "{} mm", (knee - hip).norm());
            assert!((600.0..1000.0).contains(&head.norm()), "{} mm", head.norm());
        }
    }
}

#[test]
fn labels_turned_back_are_the_joints_of_the_camera_frame() {
    let Some(data) = data() else { return };
    let labels = imported(&data.trc, &data.json);
    let tracks = trc::read(&data.trc).unwrap();
    let mapping = Mapping::new(&tracks).unwrap();
    for (camera, view) in calibration::read(&data.json).unwrap().iter().zip(&labels.cameras) {
        for (track, frame) in tracks.frames.iter().zip(&view.frames) {
            let joints = mapping.joints(&track.markers_mm).unwrap().map(|joint| camera.to_camera(joint));
            let back = look_at::from_look_at(&frame.joints_mm, joints[0]).unwrap();
            for joint in 0..JOINTS {
                assert!((back[joint] - joints[joint]).norm() < 1e-3, "mm");
            }
        }
    }
}

#[test]
fn both_calibration_formats_agree() {
    let Some(data) = data() else { return };
    let (json, qca) = (calibration::read(&data.json).unwrap(), calibration::read(&data.qca).unwrap());
    assert_eq!(json.len(), qca.len());
    for (a, b) in json.iter().zip(&qca) {
        assert_eq!((&a.name, a.size_px), (&b.name, b.size_px));
        for world in [[0.0, 0.0, 0.0], [300.0, -400.0, 1700.0], [-1500.0, 100.0, 900.0]] {
            let (a, b) = (a.to_camera(world.into()), b.to_camera(world.into()));
            assert!((a - b).norm() < 1e-3, "mm");
        }
        for point in [[0.0, 0.0, 3000.0], [-700.0, 1100.0, 3500.0]] {
            let (a, b) = (a.project(point.into()).unwrap(), b.project(point.into()).unwrap());
            assert!((a - b).norm() < 1e-3, "px");
        }
        assert_eq!(a.project(Vector3::new(0.0, 0.0, -1.0)), None);
    }
    let (from_json, from_qca) = (imported(&data.trc, &data.json), imported(&data.trc, &data.qca));
    for (a, b) in from_json.cameras.iter().zip(&from_qca.cameras) {
        for (a, b) in a.frames.iter().zip(&b.frames) {
            for (a, b) in a.joints_mm.iter().flatten().zip(b.joints_mm.iter().flatten()) {
                assert!((a - b).abs() < 1e-2);
            }
        }
    }
}

/// BODY_25B keypoint of each measured joint.
const KEYPOINTS: [(usize, usize); 15] = [
    (1, 12),
    (2, 14),
    (3, 16),
    (4, 11),
    (5, 13),
    (6, 15),
    (8, 17),
    (9, 0),
    (10, 18),
    (11, 5),
    (12, 7),
    (13, 9),
    (14, 6),
    (15, 8),
    (16, 10),
];

/// Median distance in pixels of the labels at `instant + shift` to the detections of the subject at `instant`.
fn median_px(view: &pose::CameraLabels, detections: &serde_json::Value, shift: u32) -> f64 {
    let mut distances = Vec::new();
    for instant in 0..(100 - shift) {
        let frame = view.at(instant + shift).unwrap();
        let people = detections["frames"][instant as usize].as_array().unwrap();
        let to_person = |person: &serde_json::Value| -> Vec<f64> {
            let keypoint = |k: usize, i: usize| person[k][i].as_f64().unwrap();
            let seen = KEYPOINTS.iter().filter(|(_, k)| keypoint(*k, 2) > 0.3);
            seen.map(|&(joint, k)| {
                let [x, y] = frame.joints_px[joint].map(f64::from);
                (x - 0.5 - keypoint(k, 0)).hypot(y - 0.5 - keypoint(k, 1))
            })
            .collect()
        };
        // Bystanders are detected too, further away.
        let nearest = people.iter().map(to_person).filter(|distances| distances.len() >= 8);
        let mean = |distances: &[f64]| distances.iter().sum::<f64>() / distances.len() as f64;
        distances.extend(nearest.min_by(|a, b| mean(a).total_cmp(&mean(b))).unwrap_or_default());
    }
    distances.sort_by(f64::total_cmp);
    distances[distances.len() / 2]
}

#[test]
fn labels_fall_on_the_detections_of_their_picture() {
    let Some(data) = data() else { return };
    let labels = imported(&data.trc, &data.json);
    let mut total = [0.0; 2];
    // Its notes give 11, 8, 17 and 9 px over all 21 markers, most of it a bias of the published calibration; on the 15
    // that are joints it is 13, 8, 21 and 8. A wrong axis, unit or lens is off by hundreds.
    for (view, at_most) in labels.cameras.iter().zip([14.0, 9.0, 22.0, 10.0]) {
        let text = std::fs::read_to_string(data.pose2d.join(format!("{}.json", view.name))).unwrap();
        let detections = serde_json::from_str(&text).unwrap();
        let median = median_px(view, &detections, 0);
        eprintln!("{}: median {median:.1} px, ten frames later {:.1}", view.name, median_px(view, &detections, 10));
        assert!(median < at_most, "{} {median}", view.name);
        total[0] += median;
        total[1] += median_px(view, &detections, 10);
    }
    assert!(total[0] < total[1], "the right instants fit better than others: {total:?}");
}

fn by_its_name(name: &str) -> LabelledView {
    LabelledView { name: name.into(), calibrated: name.into(), pictures_px: None }
}

#[test]
fn labels_survive_their_file() {
    let Some(data) = data() else { return };
    let views = ["cam03", "cam01"].map(by_its_name);
    let options = ImportOptions { views: Some(&views), ..ImportOptions::default() };
    let labels = labels::import(&data.trc, &data.qca, options).unwrap().labels;
    assert_eq!(labels.cameras[0].name, "cam03");
    assert!(labels.camera("cam01").is_some() && labels.camera("cam02").is_none());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("labels.json");
    labels.write(&path).unwrap();
    assert_eq!(Labels::read(&path).unwrap(), labels);

    let text = std::fs::read_to_string(&path).unwrap().replacen("\"version\":1", "\"version\":2", 1);
    std::fs::write(&path, text).unwrap();
    assert!(Labels::read(&path).unwrap_err().to_string().contains("version 2"));
}

#[test]
fn unknown_cameras_and_wrong_files_are_named() {
    let Some(data) = data() else { return };
    let message = |result: Result<Imported, PoseError>| result.unwrap_err().to_string();
    let views = [by_its_name("cam9")];
    let nine = ImportOptions { views: Some(&views), ..ImportOptions::default() };
    let unknown = message(labels::import(&data.trc, &data.json, nine));
    assert!(unknown.ends_with("no camera \"cam9\"; there are cam01, cam02, cam03, cam04"), "{unknown}");
    let swapped = message(labels::import(&data.json, &data.trc, ImportOptions::default()));
    assert!(swapped.ends_with("this is no TRC file: its first line does not start with PathFileType"), "{swapped}");
    let no_calibration = message(labels::import(&data.trc, &data.trc, ImportOptions::default()));
    assert!(no_calibration.contains("this is no calibration in JSON"), "{no_calibration}");
}
