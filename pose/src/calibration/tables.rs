//! Calibrations in TOML, a table for each camera, as Pose2Sim and Anipose write them.

use nalgebra::{Matrix3, Rotation3, Vector3};
use serde::Deserialize;

use super::{CalibratedCamera, Distortion};

/// Cameras of a rig stand at least this far from the origin, by the median, in the file's unit, if that is millimetres,
/// and less far if it is metres: Pose2Sim writes metres, Anipose the unit of its board, millimetres as a rule.
const MILLIMETRES_FROM: f64 = 100.0;

/// The table that is no camera.
const METADATA: &str = "metadata";

#[derive(Deserialize)]
struct Wire {
    name: Option<String>,
    size: [f64; 2],
    matrix: [[f64; 3]; 3],
    distortions: Vec<f64>,
    rotation: [f64; 3],
    translation: [f64; 3],
    #[serde(default)]
    fisheye: bool,
}

pub(super) fn cameras(text: &str) -> Result<Vec<CalibratedCamera>, String> {
    let tables: toml::Table = text.parse().map_err(|error: toml::de::Error| error.message().to_owned())?;
    let mut cameras = Vec::new();
    for (table, value) in tables.into_iter().filter(|(table, _)| table != METADATA) {
        let wire: Wire = value.try_into().map_err(|error: toml::de::Error| format!("{table}: {}", error.message()))?;
        let name = wire.name.unwrap_or(table);
        let whole = |side: f64| (side.fract() == 0.0 && (1.0..1e6).contains(&side)).then_some(side as u32);
        let [Some(width), Some(height)] = wire.size.map(whole) else {
            return Err(format!("{name}: its picture has no size"));
        };
        let distortion = Distortion::new(&wire.distortions, wire.fisheye).map_err(|why| format!("{name}: {why}"))?;
        cameras.push(CalibratedCamera {
            name,
            size_px: [width, height],
            intrinsics: Matrix3::from(wire.matrix).transpose(),
            distortion,
            rotation: Rotation3::new(Vector3::from(wire.rotation)).into_inner(),
            translation_mm: Vector3::from(wire.translation),
        });
    }
    if cameras.is_empty() {
        return Err("this TOML has no camera".into());
    }
    let mut away: Vec<f64> = cameras.iter().map(|camera| camera.translation_mm.norm()).collect();
    away.sort_by(f64::total_cmp);
    if away[away.len() / 2] < MILLIMETRES_FROM {
        cameras.iter_mut().for_each(|camera| camera.translation_mm *= 1000.0);
    }
    Ok(cameras)
}
