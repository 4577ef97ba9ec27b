//! Calibrated cameras, read from other programs' files.
//!
//! Two offline tools use this: [`labels::import`](crate::labels::import), which turns world-frame poses into labels per
//! view, and the studio's twin of a take, which is rendered for scoring. Nothing that captures, learns or infers has a
//! calibration.
//!
//! Two formats, recognised by their content:
//! - JSON: `{"cameras": [{"name", "size": [w, h], "K": 3×3, "dist": [k1, k2, p1, p2, k3], "R": 3×3, "t": [3]}]}`, in
//!   OpenCV's convention x_cam = R x_world + t, metres.
//! - Qualisys `.qca.txt` (XML), as Pose2Sim ships it: intrinsics in 1/64 pixel, the pose of the camera in the world in
//!   millimetres with its y and z axes inverted: R = diag(1, −1, −1) R_qca, t = −R T.

use std::path::Path;

use nalgebra::{Matrix3, Vector2, Vector3};
use serde::Deserialize;

use crate::PoseError;
use crate::text_file::{parse_json, read_text};

/// One camera: a pinhole with OpenCV's five distortion coefficients.
#[derive(Clone, Debug, PartialEq)]
pub struct CalibratedCamera {
    /// The name in the file.
    pub name: String,
    /// Width and height.
    pub size_px: [u32; 2],
    /// In pixels; the middle of the first one is at 0, as in OpenCV.
    pub intrinsics: Matrix3<f64>,
    /// k1, k2, p1, p2, k3
    pub distortion: [f64; 5],
    /// R of x_camera = R x_world + t.
    pub rotation: Matrix3<f64>,
    /// t of the same, in millimetres.
    pub translation_mm: Vector3<f64>,
}

/// Reads the cameras of a calibration file.
///
/// # Errors
/// If the file cannot be read, is in neither format, or has a matrix that is not a rotation.
pub fn read(path: &Path) -> Result<Vec<CalibratedCamera>, PoseError> {
    let text = read_text(path)?;
    let cameras = match text.trim_start().chars().next() {
        Some('{') => from_json(path, &text)?,
        Some('<') => from_qca(&text).map_err(|problem| PoseError::file(path, problem))?,
        _ => return Err(PoseError::file(path, "this is neither calibration JSON nor a Qualisys .qca.txt")),
    };
    for camera in &cameras {
        camera.check().map_err(|problem| PoseError::file(path, format!("{}: {problem}", camera.name)))?;
    }
    Ok(cameras)
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
        let (x, y) = (camera_mm.x / camera_mm.z, camera_mm.y / camera_mm.z);
        let [k1, k2, p1, p2, k3] = self.distortion;
        let r2 = x * x + y * y;
        let radial = 1.0 + r2 * (k1 + r2 * (k2 + r2 * k3));
        let distorted = Vector3::new(
            x * radial + 2.0 * p1 * x * y + p2 * (r2 + 2.0 * x * x),
            y * radial + p1 * (r2 + 2.0 * y * y) + 2.0 * p2 * x * y,
            1.0,
        );
        Some((self.intrinsics * distorted).xy())
    }

    fn check(&self) -> Result<(), &'static str> {
        let orthonormal = (self.rotation * self.rotation.transpose() - Matrix3::identity()).norm() < 1e-3;
        if !orthonormal || self.rotation.determinant() < 0.0 {
            return Err("its rotation is not a rotation matrix");
        }
        if self.size_px.contains(&0) {
            return Err("its picture has no size");
        }
        let numbers = self.intrinsics.iter().chain(&self.translation_mm).chain(&self.distortion);
        if numbers.copied().all(f64::is_finite) { Ok(()) } else { Err("a number is not finite") }
    }
}

fn from_json(path: &Path, text: &str) -> Result<Vec<CalibratedCamera>, PoseError> {
    #[derive(Deserialize)]
    struct Wire {
        cameras: Vec<WireCamera>,
    }
    #[derive(Deserialize)]
    #[allow(non_snake_case, reason = "the letters of the file")]
    struct WireCamera {
        name: String,
        size: [u32; 2],
        K: [[f64; 3]; 3],
        dist: [f64; 5],
        R: [[f64; 3]; 3],
        t: [f64; 3],
    }
    let rows = |rows: [[f64; 3]; 3]| Matrix3::from(rows).transpose();
    let wire: Wire = parse_json(path, text)?;
    let camera = |camera: WireCamera| CalibratedCamera {
        name: camera.name,
        size_px: camera.size,
        intrinsics: rows(camera.K),
        distortion: camera.dist,
        rotation: rows(camera.R),
        translation_mm: Vector3::from(camera.t) * 1000.0,
    };
    Ok(wire.cameras.into_iter().map(camera).collect())
}

fn from_qca(text: &str) -> Result<Vec<CalibratedCamera>, String> {
    let document = roxmltree::Document::parse(text).map_err(|error| error.to_string())?;
    let cameras: Vec<_> = document.descendants().filter(|node| node.has_tag_name("camera")).collect();
    if cameras.is_empty() {
        return Err("this XML has no camera".into());
    }
    cameras.into_iter().map(qca_camera).collect()
}

fn qca_camera(camera: roxmltree::Node<'_, '_>) -> Result<CalibratedCamera, String> {
    const SUBPIXELS: f64 = 64.0;
    let name = camera.attribute("serial").ok_or("a camera has no serial")?.to_owned();
    if camera.attribute("viewrotation").is_some_and(|degrees| degrees != "0") {
        return Err(format!("{name}: its view is rotated, which is not supported"));
    }
    let number = |tag: &str, key: &str| {
        let element = camera.children().find(|node| node.has_tag_name(tag));
        let value = element.and_then(|node| node.attribute(key)).and_then(|value| value.parse::<f64>().ok());
        value.ok_or_else(|| format!("{name}: no number {tag}/{key}"))
    };
    let view = |key| number("fov_video", key);
    let lens = |key| number("intrinsic", key);
    let pose = |key| number("transform", key);
    let (left, top) = (view("left")?, view("top")?);
    let intrinsics = Matrix3::new(
        lens("focalLengthU")? / SUBPIXELS,
        lens("skew")? / SUBPIXELS,
        lens("centerPointU")? / SUBPIXELS - left,
        0.0,
        lens("focalLengthV")? / SUBPIXELS,
        lens("centerPointV")? / SUBPIXELS - top,
        0.0,
        0.0,
        1.0,
    );
    let rotation = Matrix3::from_diagonal(&Vector3::new(1.0, -1.0, -1.0))
        * Matrix3::new(
            pose("r11")?,
            pose("r12")?,
            pose("r13")?,
            pose("r21")?,
            pose("r22")?,
            pose("r23")?,
            pose("r31")?,
            pose("r32")?,
            pose("r33")?,
        );
    let distortion = [
        lens("radialDistortion1")?,
        lens("radialDistortion2")?,
        lens("tangentalDistortion1")?,
        lens("tangentalDistortion2")?,
        lens("radialDistortion3")?,
    ];
    let translation_mm = -rotation * Vector3::new(pose("x")?, pose("y")?, pose("z")?);
    // Both edges are of the picture.
    let size_px = [view("right")? - left, view("bottom")? - top].map(|side| (side + 1.0) as u32);
    Ok(CalibratedCamera { name, size_px, intrinsics, distortion, rotation, translation_mm })
}
