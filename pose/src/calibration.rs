//! Calibrated cameras, read from other programs' files.
//!
//! Two offline tools use this: [`labels::import`](crate::labels::import), which turns world-frame poses into labels per
//! view, and the studio's twin of a take, which is rendered for scoring. Nothing that captures, learns or infers has a
//! calibration.
//!
//! Four formats, recognised by their content:
//! - JSON: `{"units", "cameras": [{"name", "size": [w, h], "K": 3×3, "dist": [k1, k2, p1, p2, k3, …], "R": 3×3, "t": [3],
//!   "fisheye"}]}`, in OpenCV's convention x_cam = R x_world + t, in metres unless `units` says millimetres.
//! - TOML as Pose2Sim, Anipose and Caliscope write it: a table for each camera with `name`, `size`, `matrix`,
//!   `distortions`, `rotation` (Rodrigues' vector or 3×3), `translation` and `fisheye`, in the same convention.
//! - YAML or JSON of OpenCV's `FileStorage`, with EasyMocap's names or those of OpenCV's samples.
//! - Qualisys `.qca.txt` (XML), as Pose2Sim ships it: intrinsics in 1/64 pixel, the pose of the camera in the world in
//!   millimetres with its y and z axes inverted: R = diag(1, −1, −1) R_qca, t = −R T. Its pictures are taken to be turned
//!   by `viewrotation` degrees clockwise, as Qualisys shows them and saves its videos.
//!
//! TOML and OpenCV's files do not state their unit: see [`MILLIMETRES_FROM`].

mod json;
mod opencv;
mod qca;
mod tables;
mod turned;

use std::path::Path;

use nalgebra::{Matrix3, Vector2, Vector3};
use serde_json::Value;

use crate::PoseError;
use crate::text_file::{parse_json, read_text};

/// Cameras stand at most this far from the world's origin, in millimetres. Numbers of a file in millimetres that is read
/// as metres are a thousand times as large.
const FARTHEST_MM: f64 = 200_000.0;

/// Where a file does not state its unit and its cameras stand this far from the origin or farther, by the median, it is
/// in millimetres, else in metres: Pose2Sim and EasyMocap write metres, Anipose the unit of its board, millimetres as a
/// rule.
pub const MILLIMETRES_FROM: f64 = 100.0;

/// The largest skew, in parts of the focal length, and the largest ratio of the focal lengths of both axes.
const MAX_SKEW: f64 = 0.02;
const MAX_ASPECT: f64 = 1.5;
/// How many times as far from the middle as without it a lens may show what is near the picture's corners.
const BENDS: std::ops::Range<f64> = 0.4..1.5;
/// Lenses are checked out to this part of the way to the corners: farther out, their models are often wrong.
const CHECKED: f64 = 0.8;

/// How far R Rᵀ may be from the identity: R may be rounded to two places.
const MAX_OFF_ROTATION: f64 = 0.03;

/// How a lens bends what a pinhole would show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distortion {
    /// OpenCV's usual model: k1, k2, p1, p2, k3, k4, k5, k6. Those that a file lacks are 0.
    Usual([f64; 8]),
    /// OpenCV's fisheye: k1 to k4, of the angle to the optical axis.
    Fisheye([f64; 4]),
}

impl Distortion {
    /// Of a file's coefficients.
    ///
    /// # Errors
    /// If their number is none that OpenCV knows for such a lens.
    fn new(coefficients: &[f64], fisheye: bool) -> Result<Self, String> {
        let count = coefficients.len();
        let padded = |at: usize| coefficients.get(at).copied().unwrap_or(0.0);
        match (fisheye, count) {
            (true, 4..) if coefficients[4..].iter().all(|value| *value == 0.0) => {
                Ok(Self::Fisheye(std::array::from_fn(padded)))
            }
            (true, 0) | (false, 0) => Err("no distortion coefficients; write zeros for none".into()),
            (true, _) => Err(format!("a fisheye lens has 4 distortion coefficients, and {count} are given")),
            (false, 4 | 5 | 8) => Ok(Self::Usual(std::array::from_fn(padded))),
            // Of a thin prism or a tilted sensor.
            (false, 12 | 14) if coefficients[8..].iter().all(|value| *value == 0.0) => {
                Ok(Self::Usual(std::array::from_fn(padded)))
            }
            (false, _) => Err(format!("{count} distortion coefficients; understood are 4, 5 or 8")),
        }
    }

    /// Whether a lens is a fisheye, by a switch and by the name of its model, as files have them.
    ///
    /// # Errors
    /// If the model is one that is not understood.
    fn is_fisheye(switch: Option<bool>, model: Option<&str>) -> Result<bool, String> {
        let model = model.unwrap_or_default().to_lowercase().replace(['-', ' '], "_");
        match &*model {
            "fisheye" | "equidistant" | "kannala_brandt" | "kb4" | "opencv_fisheye" => Ok(true),
            "" => Ok(switch.unwrap_or(false)),
            "pinhole"
            | "perspective"
            | "opencv"
            | "standard"
            | "normal"
            | "brown"
            | "brown_conrady"
            | "plumb_bob"
            | "radtan"
            | "rational_polynomial"
            | "none" => Ok(switch.unwrap_or(false)),
            other => Err(format!("its lens model {other:?} is not understood")),
        }
    }

    /// Of all coefficients.
    fn coefficients(&self) -> &[f64] {
        match self {
            Self::Usual(all) => all,
            Self::Fisheye(all) => all,
        }
    }

    /// Whether a lens can bend like this, out to a distance from the middle of the plane one unit before the pinhole.
    fn check(&self, out_to: f64) -> Result<(), String> {
        let Self::Usual(_) = self else { return Ok(()) };
        let (mut before, mut at) = (0.0, 0.0);
        while before < out_to {
            at += 0.01;
            let [bent, _] = self.bend(at, 0.0);
            if !(bent > before && BENDS.contains(&(bent / at))) {
                return Err(format!(
                    "its lens would show what is {at:.2} focal lengths off the middle at {bent:.2}: distortion coefficients \
                     like that are of no lens, or in another order"
                ));
            }
            before = bent;
        }
        Ok(())
    }

    /// Where a point of the plane one unit before the pinhole appears in that plane.
    fn bend(&self, x: f64, y: f64) -> [f64; 2] {
        match *self {
            Self::Usual([k1, k2, p1, p2, k3, k4, k5, k6]) => {
                let r2 = x * x + y * y;
                let radial = (1.0 + r2 * (k1 + r2 * (k2 + r2 * k3))) / (1.0 + r2 * (k4 + r2 * (k5 + r2 * k6)));
                [
                    x * radial + 2.0 * p1 * x * y + p2 * (r2 + 2.0 * x * x),
                    y * radial + p1 * (r2 + 2.0 * y * y) + 2.0 * p2 * x * y,
                ]
            }
            Self::Fisheye([k1, k2, k3, k4]) => {
                let radius = x.hypot(y);
                let angle = radius.atan();
                let a2 = angle * angle;
                let bent = angle * (1.0 + a2 * (k1 + a2 * (k2 + a2 * (k3 + a2 * k4))));
                let scale = if radius > 1e-9 { bent / radius } else { 1.0 };
                [scale * x, scale * y]
            }
        }
    }
}

/// One camera.
#[derive(Clone, Debug, PartialEq)]
pub struct CalibratedCamera {
    /// The name in the file.
    pub name: String,
    /// Width and height.
    pub size_px: [u32; 2],
    /// In pixels; the middle of the first one is at 0, as in OpenCV.
    pub intrinsics: Matrix3<f64>,
    /// Of the lens.
    pub distortion: Distortion,
    /// R of x_camera = R x_world + t.
    pub rotation: Matrix3<f64>,
    /// t of the same, in millimetres.
    pub translation_mm: Vector3<f64>,
}

/// Reads the cameras of a calibration file.
///
/// # Errors
/// If the file cannot be read, is in no known format, or has a camera that cannot be right.
pub fn read(path: &Path) -> Result<Vec<CalibratedCamera>, PoseError> {
    read_for(path, &|_| None).map(|calibration| calibration.cameras)
}

/// What a calibration file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// The cameras.
    pub cameras: Vec<CalibratedCamera>,
    /// The unit that translations were taken to be in, where the file does not state it.
    pub unit_taken: Option<&'static str>,
    /// What a user should know of how they were read, one sentence each.
    pub remarks: Vec<String>,
}

impl Calibration {
    /// Of a file that states its unit.
    fn stated(cameras: Vec<CalibratedCamera>) -> Self {
        Self { cameras, unit_taken: None, remarks: vec![] }
    }

    /// Of a file that does not, with translations as they stand there.
    fn unstated(mut cameras: Vec<CalibratedCamera>) -> Self {
        let mut away: Vec<f64> = cameras.iter().map(|camera| camera.translation_mm.norm()).collect();
        away.sort_by(f64::total_cmp);
        let metres = away.get(away.len() / 2).is_some_and(|middle| *middle < MILLIMETRES_FROM);
        if metres {
            cameras.iter_mut().for_each(|camera| camera.translation_mm *= 1000.0);
        }
        Self { cameras, unit_taken: Some(if metres { "metres" } else { "millimetres" }), remarks: vec![] }
    }
}

/// [`read`] with the size of the pictures of the camera of a name, for files that do not state it.
///
/// # Errors
/// Those of [`read`].
pub fn read_for(path: &Path, size_px: &dyn Fn(&str) -> Option<[u32; 2]>) -> Result<Calibration, PoseError> {
    let text = read_text(path)?;
    let problem = |problem: String| PoseError::file(path, problem);
    let of_opencv = |value: &Value| {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let beside = opencv::Beside { stem: &stem, extrinsics: extrinsics_beside(path)?, size_px };
        opencv::cameras(value, &beside).map_err(problem)
    };
    let mut calibration = match text.trim_start().chars().next() {
        Some('{') => {
            let value: Value = parse_json(path, &text)?;
            if opencv::is_opencv(&value) {
                of_opencv(&value)?
            } else {
                Calibration::stated(json::cameras(path, &text)?)
            }
        }
        Some('<') => qca::cameras(&text).map_err(problem)?,
        Some('%') => of_opencv(&opencv::yaml(&text).map_err(problem)?)?,
        _ if text.parse::<toml::Table>().is_ok() => tables::cameras(&text).map_err(problem)?,
        _ => match opencv::yaml(&text) {
            Ok(value) if opencv::is_opencv(&value) => of_opencv(&value)?,
            _ => {
                let known = "this is no calibration in JSON, in the TOML of Pose2Sim, Anipose or Caliscope, in OpenCV's \
                             YAML or JSON, or a Qualisys .qca.txt";
                return Err(problem(known.into()));
            }
        },
    };
    let cameras = &mut calibration.cameras;
    if cameras.is_empty() {
        return Err(problem("this calibration has no camera".into()));
    }
    for at in 0..cameras.len() {
        let name = cameras[at].name.clone();
        cameras[at].check().map_err(|why| problem(format!("{name}: {why}")))?;
        if cameras[..at].iter().any(|other| other.name == name) {
            return Err(problem(format!("two cameras are called {name}")));
        }
    }
    Ok(calibration)
}

/// The extrinsics of EasyMocap, which stand in a file beside the intrinsics.
fn extrinsics_beside(path: &Path) -> Result<Option<Value>, PoseError> {
    for name in ["extri.yml", "Extrinsic.yml"] {
        let beside = path.with_file_name(name);
        if beside != path && beside.is_file() {
            let text = read_text(&beside)?;
            return opencv::yaml(&text).map(Some).map_err(|problem| PoseError::file(&beside, problem));
        }
    }
    Ok(None)
}

impl CalibratedCamera {
    /// A point of the world in this camera's frame (x right, y down, z forward), both in millimetres.
    pub fn to_camera(&self, world_mm: Vector3<f64>) -> Vector3<f64> {
        self.rotation * world_mm + self.translation_mm
    }

    /// Where a point of the camera frame appears, in pixels with the middle of the first one at 0 as in OpenCV; `None`
    /// behind the camera.
    pub fn project(&self, camera_mm: Vector3<f64>) -> Option<Vector2<f64>> {
        if camera_mm.z <= 0.0 {
            return None;
        }
        let [x, y] = self.distortion.bend(camera_mm.x / camera_mm.z, camera_mm.y / camera_mm.z);
        Some((self.intrinsics * Vector3::new(x, y, 1.0)).xy())
    }

    /// Where it stands in the world, in millimetres.
    pub fn position_mm(&self) -> Vector3<f64> {
        -(self.rotation.transpose() * self.translation_mm)
    }

    fn check(&mut self) -> Result<(), String> {
        let off = (self.rotation * self.rotation.transpose() - Matrix3::identity()).norm();
        if off < MAX_OFF_ROTATION && self.rotation.determinant() < 0.0 {
            return Err("its rotation mirrors: an axis is turned around".into());
        }
        if off.is_nan() || off >= MAX_OFF_ROTATION {
            return Err(format!("its rotation is not a rotation matrix: R Rᵀ is {off:.3} from the identity"));
        }
        // Numbers that were rounded to a few places.
        if let nalgebra::SVD { u: Some(u), v_t: Some(v_t), .. } = self.rotation.svd(true, true) {
            self.rotation = u * v_t;
        }
        if self.size_px.contains(&0) {
            return Err("its picture has no size".into());
        }
        let numbers = self.intrinsics.iter().chain(&self.translation_mm).chain(self.distortion.coefficients());
        if !numbers.copied().all(f64::is_finite) {
            return Err("a number is not finite".into());
        }
        let [width, height] = self.size_px.map(f64::from);
        let (focal, centre) = (self.intrinsics.m11.min(self.intrinsics.m22), self.intrinsics.column(2).xy());
        if focal <= 0.0 {
            return Err(format!("its focal length is {focal} px"));
        }
        let (skew, aspect) = (self.intrinsics.m12, self.intrinsics.m11 / self.intrinsics.m22);
        if skew.abs() > MAX_SKEW * focal {
            return Err(format!("its skew is {skew:.0} px, and that of cameras is 0"));
        }
        if !(1.0 / MAX_ASPECT..MAX_ASPECT).contains(&aspect) {
            return Err(format!("its focal length is {aspect:.2} times as long across as down"));
        }
        let lies_in = |width: f64, height: f64| {
            (0.3..0.7).contains(&(centre.x / width)) && (0.3..0.7).contains(&(centre.y / height))
        };
        if !lies_in(width, height) {
            let exchanged = if lies_in(height, width) { "; width and height seem to be exchanged" } else { "" };
            return Err(format!(
                "its principal point ({:.0}, {:.0}) is far from the middle of its {width}×{height} pixels{exchanged}",
                centre.x, centre.y
            ));
        }
        let corner = [[0.0, 0.0], [width, 0.0], [0.0, height], [width, height]]
            .map(|[x, y]| ((x - centre.x) / self.intrinsics.m11).hypot((y - centre.y) / self.intrinsics.m22));
        self.distortion.check(CHECKED * corner.into_iter().fold(0.0, f64::max))?;
        let away_mm = self.position_mm().norm();
        if away_mm > FARTHEST_MM {
            let metres = away_mm / 1000.0;
            return Err(format!("it stands {metres:.0} m from the origin, as if millimetres were taken for metres"));
        }
        Ok(())
    }
}
