//! What `genlock infer` reads and writes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use body::{ConfirmedBody, MARKER_COUNT, MARKERS, RigGeometry, joint_views, joints, landmark_views, landmarks};
use infer::recording::{Bodies, Instant, Watched};
use infer::rig::Placed;
use miette::{IntoDiagnostic, WrapErr, miette};
use nalgebra::{Rotation3, UnitQuaternion, Vector3};
use pose::markers::{MarkerFrame, Tracks};
use pose::trc::numbers_by_time;
use pose::{JOINT_NAMES, JOINTS, LANDMARK_NAMES};
use serde::Serialize;

/// The contents of `bodies.json`.
#[derive(Serialize)]
struct BodiesFile<'a> {
    geometry: &'a str,
    joints: [&'static str; JOINTS],
    landmarks: [&'static str; 7],
    frames: Vec<Frame>,
}

#[derive(Serialize)]
struct Frame {
    /// Index among the take's instants.
    set_index: usize,
    source_index: Option<u32>,
    trigger_index: Option<u64>,
    segment: u64,
    exposure_ns: i64,
    /// In the geometry's world; `None` if no body was found.
    joints_mm: Option<[[f64; 3]; JOINTS]>,
    landmarks_mm: Option<[[f64; 3]; 7]>,
    /// How many views confirm each joint; with 0 its position is only limited by the lengths of its bones.
    joint_views: Option<[usize; JOINTS]>,
    landmark_views: Option<[usize; 7]>,
    /// For each joint, the radius of the ball that contains it with 90 % probability, before any smoothing.
    uncertainty_mm: Option<[f64; JOINTS]>,
    /// Cameras that saw the person.
    views: usize,
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
    if !(rate_hz.is_finite() && rate_hz > 0.0) {
        return Err(miette!("the take's rate is not known, so its bodies have no times"));
    }
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
        put("Calib.toml", calibration(geometry)?)?;
    }
    let tracks = trc(&watched.instants.all, &bodies.bodies, rate_hz);
    pose::trc::write(&out.join("bodies.trc"), "bodies.trc", &tracks).into_diagnostic()
}

fn frame(set_index: usize, instant: &Instant, body: Option<&Placed>) -> Frame {
    let points = body.map(|body| &body.points_mm);
    Frame {
        set_index,
        source_index: instant.source.map(|source| source.index),
        trigger_index: instant.pulse,
        segment: instant.segment.number(),
        exposure_ns: instant.exposure_ns,
        joints_mm: points.map(|points| joints(points).map(Into::into)),
        landmarks_mm: points.map(|points| landmarks(points).map(Into::into)),
        joint_views: body.map(|body| joint_views(&body.near_views)),
        landmark_views: body.map(|body| landmark_views(&body.near_views)),
        uncertainty_mm: body.map(|body| body.uncertainty_mm),
        views: body.map_or(0, |body| body.views.len()),
    }
}

/// Frames are numbered by time, so that lost ones are missing in the file too. Joints that no view confirms, and bodies
/// that only one camera saw, are left out, since the file cannot state their uncertainty.
fn trc(instants: &[Instant], bodies: &[Option<Placed>], rate_hz: f64) -> Tracks {
    let numbers = numbers_by_time(instants.iter().map(|instant| instant.exposure_ns), rate_hz);
    let frame = |(source_index, body): (u32, &Option<Placed>)| {
        let known = body.as_ref().filter(|body| !body.is_alone()).map(|body| ConfirmedBody {
            joints: joints(&body.points_mm),
            landmarks: landmarks(&body.points_mm),
            joint_views: joint_views(&body.near_views),
            landmark_views: landmark_views(&body.near_views),
        });
        let markers_mm = known.map_or([None; MARKER_COUNT], |body| body.markers());
        MarkerFrame { source_index, markers_mm: markers_mm.to_vec() }
    };
    Tracks {
        rate_hz,
        names: MARKERS.map(|(name, _)| name.to_owned()).to_vec(),
        frames: numbers.into_iter().zip(bodies).map(frame).collect(),
    }
}

/// One camera in Pose2Sim's format.
#[derive(Serialize)]
struct CalibratedCamera<'a> {
    name: &'a str,
    size: [f64; 2],
    matrix: [[f64; 3]; 3],
    distortions: [f64; 4],
    /// Axis-angle vector: its length is the angle in radians.
    rotation: [f64; 3],
    /// In metres.
    translation: [f64; 3],
    fisheye: bool,
}

#[derive(Serialize)]
struct Calibration<'a> {
    #[serde(flatten)]
    cameras: BTreeMap<&'a str, CalibratedCamera<'a>>,
    metadata: CalibrationMetadata,
}

#[derive(Serialize)]
struct CalibrationMetadata {
    adjusted: bool,
    error: f64,
}

fn calibration(geometry: &RigGeometry) -> miette::Result<String> {
    let camera = |(name, camera)| -> (&str, CalibratedCamera) {
        let (name, camera): (&String, &body::CameraGeometry) = (name, camera);
        let (focal, [cx, cy]) = (camera.focal_px, camera.principal_point_px);
        let known = camera.camera();
        // Through a quaternion, which is stable at half turns.
        let turn = UnitQuaternion::from_rotation_matrix(&Rotation3::from_matrix_unchecked(known.rotation));
        let shift: Vector3<f64> = -(known.rotation * known.position_mm) / 1000.0;
        let calibrated = CalibratedCamera {
            name,
            size: camera.size_px,
            matrix: [[focal, 0.0, cx], [0.0, focal, cy], [0.0, 0.0, 1.0]],
            distortions: [0.0; 4],
            rotation: turn.scaled_axis().into(),
            translation: shift.into(),
            fisheye: false,
        };
        (name, calibrated)
    };
    let file = Calibration {
        cameras: geometry.cameras.iter().map(camera).collect(),
        metadata: CalibrationMetadata { adjusted: false, error: 0.0 },
    };
    toml::to_string(&file).into_diagnostic()
}
