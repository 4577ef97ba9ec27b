use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use body::{LANDMARK_NAMES, RigGeometry, joints, landmarks};
use infer::recording::{Bodies, Body, Instant, Watched};
use miette::{IntoDiagnostic, WrapErr};
use nalgebra::{Rotation3, Vector3};
use pose::trc::{Trc, TrcFrame};
use pose::{JOINT_NAMES, JOINTS};
use serde::Serialize;

/// What `bodies.json` holds.
#[derive(Serialize)]
struct BodiesFile<'a> {
    geometry: &'a str,
    joints: [&'static str; JOINTS],
    landmarks: [&'static str; 7],
    frames: Vec<Frame>,
}

#[derive(Serialize)]
struct Frame {
    /// Place among the take's instants.
    set_index: usize,
    source_index: Option<u32>,
    trigger_index: Option<u64>,
    segment: u32,
    exposure_ns: i64,
    /// In the world of the geometry; none where no body was found.
    joints_mm: Option<[[f64; 3]; JOINTS]>,
    landmarks_mm: Option<[[f64; 3]; 7]>,
    /// Cameras that saw the person.
    views: usize,
}

/// The markers of `bodies.trc`, named as OpenPose and Pose2Sim do: where each is among joints and landmarks.
const MARKERS: [(&str, Source); 22] = [
    ("Hip", Source::Joint(0)),
    ("RHip", Source::Joint(1)),
    ("RKnee", Source::Joint(2)),
    ("RAnkle", Source::Joint(3)),
    ("RBigToe", Source::Landmark(6)),
    ("RHeel", Source::Landmark(4)),
    ("LHip", Source::Joint(4)),
    ("LKnee", Source::Joint(5)),
    ("LAnkle", Source::Joint(6)),
    ("LBigToe", Source::Landmark(5)),
    ("LHeel", Source::Landmark(3)),
    ("Neck", Source::Joint(8)),
    ("Head", Source::Joint(10)),
    ("Nose", Source::Landmark(0)),
    ("REar", Source::Landmark(2)),
    ("LEar", Source::Landmark(1)),
    ("RShoulder", Source::Joint(14)),
    ("RElbow", Source::Joint(15)),
    ("RWrist", Source::Joint(16)),
    ("LShoulder", Source::Joint(11)),
    ("LElbow", Source::Joint(12)),
    ("LWrist", Source::Joint(13)),
];

#[derive(Clone, Copy)]
enum Source {
    Joint(usize),
    Landmark(usize),
}

pub fn read_geometry(path: &Path) -> miette::Result<RigGeometry> {
    let text = fs::read_to_string(path).into_diagnostic().wrap_err_with(|| path.display().to_string())?;
    serde_json::from_str(&text).into_diagnostic().wrap_err_with(|| format!("{} is no geometry", path.display()))
}

pub fn write(
    out: &Path,
    watched: &Watched,
    geometry: &RigGeometry,
    bodies: &Bodies,
    rate_hz: f64,
    calib_toml: bool,
) -> miette::Result<()> {
    fs::create_dir_all(out).into_diagnostic().wrap_err_with(|| out.display().to_string())?;
    let put = |name: &str, text: String| {
        let path = out.join(name);
        fs::write(&path, text).into_diagnostic().wrap_err_with(|| path.display().to_string())
    };
    put("geometry.json", serde_json::to_string_pretty(geometry).into_diagnostic()? + "\n")?;
    let instants = watched.instants.all.iter().zip(&bodies.bodies).enumerate();
    let file = BodiesFile {
        geometry: &geometry.id,
        joints: JOINT_NAMES,
        landmarks: LANDMARK_NAMES,
        frames: instants.map(|(at, (instant, body))| frame(at, instant, body.as_ref())).collect(),
    };
    put("bodies.json", serde_json::to_string(&file).into_diagnostic()? + "\n")?;
    if calib_toml {
        put("Calib.toml", calibration(geometry))?;
    }
    pose::trc::write(&out.join("bodies.trc"), "bodies.trc", &trc(&bodies.bodies, rate_hz)).into_diagnostic()
}

fn frame(set_index: usize, instant: &Instant, body: Option<&Body>) -> Frame {
    let points = body.map(|body| &body.points_mm);
    Frame {
        set_index,
        source_index: instant.source.map(|source| source.index),
        trigger_index: instant.pulse,
        segment: instant.segment.0,
        exposure_ns: instant.exposure_ns,
        joints_mm: points.map(|points| joints(points).map(Into::into)),
        landmarks_mm: points.map(|points| landmarks(points).map(Into::into)),
        views: body.map_or(0, |body| body.views),
    }
}

fn trc(bodies: &[Option<Body>], rate_hz: f64) -> Trc {
    let frame = |(at, body): (usize, &Option<Body>)| {
        let known = body.as_ref().map(|body| (joints(&body.points_mm), landmarks(&body.points_mm)));
        let place = |(_, source): (&str, Source)| {
            known.as_ref().map(|(joints, landmarks)| match source {
                Source::Joint(joint) => joints[joint],
                Source::Landmark(landmark) => landmarks[landmark],
            })
        };
        TrcFrame { source_index: at as u32, markers_mm: MARKERS.map(place).to_vec() }
    };
    Trc {
        rate_hz,
        names: MARKERS.map(|(name, _)| name.to_owned()).to_vec(),
        frames: bodies.iter().enumerate().map(frame).collect(),
    }
}

/// As Pose2Sim reads it: metres, and rotations as vectors along the axis, as long as the angle in radians.
fn calibration(geometry: &RigGeometry) -> String {
    let mut text = String::new();
    for (name, camera) in &geometry.cameras {
        let (focal, [cx, cy], [width, height]) = (camera.focal_px, camera.principal_point_px, camera.size_px);
        let known = camera.camera();
        let turn = Rotation3::from_matrix_unchecked(known.rotation).scaled_axis();
        let shift: Vector3<f64> = -(known.rotation * known.position_mm) / 1000.0;
        let [a, b, c] = [turn.x, turn.y, turn.z];
        let _ = write!(
            text,
            "[{name}]\nname = {name:?}\nsize = [{width:.1}, {height:.1}]\n\
             matrix = [[{focal}, 0.0, {cx}], [0.0, {focal}, {cy}], [0.0, 0.0, 1.0]]\n\
             distortions = [0.0, 0.0, 0.0, 0.0]\nrotation = [{a}, {b}, {c}]\n\
             translation = [{}, {}, {}]\nfisheye = false\n\n",
            shift.x, shift.y, shift.z
        );
    }
    text + "[metadata]\nadjusted = false\nerror = 0.0\n"
}
