//! Calibrations in JSON.

use std::path::Path;

use nalgebra::{Matrix3, Vector3};
use serde::Deserialize;

use super::{CalibratedCamera, Distortion};
use crate::PoseError;
use crate::text_file::parse_json;

#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    units: Option<String>,
    cameras: Vec<WireCamera>,
}

#[derive(Deserialize)]
#[allow(non_snake_case, reason = "the letters of the file")]
struct WireCamera {
    name: String,
    size: [u32; 2],
    K: [[f64; 3]; 3],
    dist: Vec<f64>,
    R: [[f64; 3]; 3],
    t: [f64; 3],
    fisheye: Option<bool>,
    #[serde(alias = "camera_model", alias = "distortion_model", alias = "lens_model")]
    model: Option<String>,
}

pub(super) fn cameras(path: &Path, text: &str) -> Result<Vec<CalibratedCamera>, PoseError> {
    let wire: Wire = parse_json(path, text)?;
    let problem = |problem: String| PoseError::file(path, problem);
    let mm_per_unit = match wire.units.as_deref() {
        None | Some("m" | "metres" | "meters") => 1000.0,
        Some("mm" | "millimetres" | "millimeters") => 1.0,
        Some(other) => return Err(problem(format!("units are {other:?}; metres and millimetres are understood"))),
    };
    let rows = |rows: [[f64; 3]; 3]| Matrix3::from(rows).transpose();
    let camera = |camera: WireCamera| {
        let fisheye = Distortion::is_fisheye(camera.fisheye, camera.model.as_deref());
        let distortion = fisheye.and_then(|fisheye| Distortion::new(&camera.dist, fisheye));
        Ok(CalibratedCamera {
            distortion: distortion.map_err(|why| problem(format!("{}: {why}", camera.name)))?,
            name: camera.name,
            size_px: camera.size,
            intrinsics: rows(camera.K),
            rotation: rows(camera.R),
            translation_mm: Vector3::from(camera.t) * mm_per_unit,
        })
    };
    wire.cameras.into_iter().map(camera).collect()
}
