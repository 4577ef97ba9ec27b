//! Twins: their cameras see points of the world in the same pixels as the real cameras.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::data;
use common::trc_file::write;
use glam::{Vec2, Vec3};
use nalgebra::Vector3;
use pose::calibration::{self, CalibratedCamera};
use pose::trc;
use take::session::Split;
use virtual_studio::actor::{SkeletonPose, procedural};
use virtual_studio::rig::VirtualCamera;
use virtual_studio::scene::{Rigging, Scenario};

/// Two cameras with radial distortion; the second is rolled by 90° and has another size.
const CALIBRATION: &str = r#"{"cameras": [
    {"name": "front", "size": [640, 480], "K": [[600, 0, 310], [0, 605, 250], [0, 0, 1]], "dist": [-0.05, 0.01, 0, 0, 0],
     "R": [[0, 1, 0], [0, 0, -1], [-1, 0, 0]], "t": [0, 1, 4]},
    {"name": "side", "size": [480, 640], "K": [[550, 0, 245], [0, 540, 330], [0, 0, 1]], "dist": [0.02, 0, 0, 0, 0],
     "R": [[0, 0, 1], [1, 0, 0], [0, 1, 0]], "t": [-1, 0, 5]}
]}"#;

fn twin(markers: &Path, calibration: &Path, more: &str) -> String {
    format!(
        "version = 1\nname = \"twin\"\nseed = 1\n{more}\n[twin]\nmarkers = {markers:?}\ncalibration = {calibration:?}\n"
    )
}

/// Markers of somebody who stands there for two instants, and [`CALIBRATION`].
fn made(folder: &Path) -> [PathBuf; 2] {
    let [markers, calibration] = ["markers.trc", "Calib.qca.txt"].map(|name| folder.join(name));
    let joints = procedural::actor(0).joints(&SkeletonPose::REST).map(Vec3::from);
    write(&markers, &vec![(joints, [Vec3::Z * 0.2; 2]); 2]);
    fs::write(&calibration, CALIBRATION).unwrap();
    [markers, calibration]
}

fn cameras(scenario: &Scenario) -> &[VirtualCamera] {
    let Rigging::Given(cameras) = &scenario.rigging else { panic!("a twin has the cameras of its take") };
    cameras
}

/// Largest distance, in the real camera's pixels, between the two projections of points (millimetres, z up) within its
/// picture, and the number of points.
fn apart(real: &CalibratedCamera, twin: &VirtualCamera, reduced: f32, places: &[Vector3<f64>]) -> (f32, usize) {
    let [width, height] = real.size_px.map(f64::from);
    let distance = |place: &Vector3<f64>| {
        let true_px = real.project(real.to_camera(*place))?;
        let inside = (0.0..width).contains(&true_px.x) && (0.0..height).contains(&true_px.y);
        // In OpenCV the middle of the first pixel is at 0.
        let true_px = Vec2::new(true_px.x as f32 + 0.5, true_px.y as f32 + 0.5);
        let studio = Vec3::new(place.y as f32, place.z as f32, place.x as f32) * 1e-3;
        inside.then(|| twin.project(studio).unwrap() * reduced - true_px).map(Vec2::length)
    };
    let distances: Vec<f32> = places.iter().filter_map(distance).collect();
    (distances.iter().copied().fold(0.0, f32::max), distances.len())
}

#[test]
fn a_twin_sees_what_its_cameras_see() {
    let folder = tempfile::tempdir().unwrap();
    let [markers, calibration] = made(folder.path());
    let places: Vec<Vector3<f64>> = (0..200)
        .map(|index| {
            let at = |step: f64| ((f64::from(index) * step).fract() - 0.5) * 2000.0;
            Vector3::new(at(0.618), at(0.414), at(0.732) + 900.0)
        })
        .collect();
    for reduced in [1, 2] {
        let text = twin(&markers, &calibration, "") + &format!("reduced = {reduced}\n");
        let scenario = Scenario::from_toml_str(&text, "twin.toml").unwrap();
        assert_eq!((scenario.instants, scenario.rate_hz, scenario.split), (2, 50.0, Split::HeldOut));
        let real = calibration::read(&calibration).unwrap();
        assert_eq!(cameras(&scenario).len(), real.len());
        for (real, twin) in real.iter().zip(cameras(&scenario)) {
            assert_eq!(twin.intrinsics.size_px(), real.size_px.map(|side| side / reduced), "{}", real.name);
            let (worst, seen) = apart(real, twin, reduced as f32, &places);
            assert!(worst < 0.02 && seen > 50, "{}: {worst} px over {seen} places", real.name);
        }
    }
}

/// The real lenses have tangential distortion, which the studio does not support.
#[test]
fn markers_of_a_real_take_appear_within_two_pixels() {
    let Some(data) = data() else { return };
    let take = data.join("pose2sim_single");
    let markers = take.join("pose3d/S00_P00_T01_BalancingTrial_0-100_filt_butterworth.trc");
    let calibration = take.join("calibration/Calib.qca.txt");
    let scenario = Scenario::from_toml_str(&twin(&markers, &calibration, ""), "twin.toml").unwrap();
    let tracks = trc::read(&markers).unwrap();
    assert_eq!(scenario.instants as usize, tracks.frames.len());
    let places: Vec<_> = tracks.frames.iter().flat_map(|frame| frame.markers_mm.iter().flatten().copied()).collect();
    for (real, twin) in calibration::read(&calibration).unwrap().iter().zip(cameras(&scenario)) {
        let (worst, seen) = apart(real, twin, 1.0, &places);
        eprintln!("{}: {worst:.2} px at most over {seen} markers", real.name);
        assert!(worst <= 2.0 && seen > 1000, "{}: {worst} px over {seen} markers", real.name);
    }
}

#[test]
fn what_a_twin_has_from_its_files_cannot_be_said_again() {
    let folder = tempfile::tempdir().unwrap();
    let [markers, calibration] = made(folder.path());
    let refused = |text: &str| Scenario::from_toml_str(text, "twin.toml").unwrap_err().to_string();
    for (key, more) in [
        ("instants", "instants = 5"),
        ("rate-hz", "rate-hz = 25.0"),
        ("motions", "motions = { folders = [\"motion\"] }"),
        ("widened", "widened = 0.5"),
        ("rig", "rig = { views = 2 }"),
        ("split", "split = \"train\""),
    ] {
        let error = refused(&twin(&markers, &calibration, more));
        assert!(error.starts_with(&format!("twin.toml, {key}: ")), "{error}");
    }
    let error = refused(&(twin(&markers, &calibration, "") + "reduced = 0\n"));
    assert!(error.starts_with("twin.toml, twin.reduced: 0 is out of range"), "{error}");
    let gone = folder.path().join("gone");
    for (key, files) in [("markers", [&gone, &calibration]), ("calibration", [&markers, &gone])] {
        let error = refused(&twin(files[0], files[1], ""));
        assert!(error.starts_with(&format!("twin.toml, twin.{key}: ")) && error.contains("gone"), "{error}");
    }
}

#[test]
fn the_example_is_a_twin() {
    let folder = tempfile::tempdir().unwrap();
    made(folder.path());
    let path = folder.path().join("twin.toml");
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/twin.toml"), &path).unwrap();
    let scenario = Scenario::read(&path).unwrap();
    assert_eq!((scenario.takes, cameras(&scenario).len()), (8, 2));
    assert_eq!(cameras(&scenario)[0].intrinsics.size_px(), [160, 120]);
}
