//! Calibrations in TOML, a table for each camera, as Pose2Sim, Anipose and Caliscope write them.

use nalgebra::{Matrix3, Rotation3, Vector3};
use serde::Deserialize;
use toml::{Table, Value};

use super::{CalibratedCamera, Calibration, Distortion};

/// The table that holds those of Caliscope's cameras.
const CAMERAS: &str = "cameras";

#[derive(Deserialize)]
struct Wire {
    name: Option<String>,
    size: [f64; 2],
    matrix: [[f64; 3]; 3],
    distortions: Vec<f64>,
    rotation: Rotation,
    translation: [f64; 3],
    fisheye: Option<bool>,
    #[serde(alias = "camera_model", alias = "distortion_model", alias = "lens_model")]
    model: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Rotation {
    /// Rodrigues' vector.
    Vector([f64; 3]),
    Matrix([[f64; 3]; 3]),
}

/// What a camera must have, one of which makes a table one; and what a camera without a place may have, too.
const OF_CAMERAS: [&str; 4] = ["matrix", "distortions", "rotation", "translation"];

pub(super) fn cameras(text: &str) -> Result<Calibration, String> {
    let tables: Table = text.parse().map_err(|error: toml::de::Error| error.message().to_owned())?;
    // Caliscope's videos are called after its tables' numbers.
    let of_caliscope = tables.get(CAMERAS).and_then(Value::as_table).into_iter().flatten();
    let of_caliscope = of_caliscope.map(|(number, table)| (format!("cam_{number}"), table));
    let named = tables.iter().filter(|(name, _)| *name != CAMERAS).map(|(name, table)| (name.clone(), table));
    let mut cameras = Vec::new();
    let mut without_place = Vec::new();
    for (table, value) in named.chain(of_caliscope) {
        // Other tables hold settings.
        let Some(keys) = value.as_table() else { continue };
        let has = |key: &str| keys.contains_key(key);
        if !OF_CAMERAS.iter().any(|key| has(key)) && !(has("size") && (has("port") || has("cam_id"))) {
            continue;
        }
        // Caliscope has cameras of which it does not know the place yet.
        if !has("rotation") && !has("translation") {
            without_place.push(table);
            continue;
        }
        let wire: Wire =
            value.clone().try_into().map_err(|error: toml::de::Error| format!("{table}: {}", error.message()))?;
        cameras.push(camera(wire, table)?);
    }
    let without_place = without_place.join(", ");
    if cameras.is_empty() {
        return Err(match &*without_place {
            "" => "this TOML has no camera".into(),
            _ => format!("no camera has a rotation and a translation: {without_place}"),
        });
    }
    let mut calibration = Calibration::unstated(cameras);
    if !without_place.is_empty() {
        calibration.remarks.push(format!("the calibration has no rotation and translation of {without_place}"));
    }
    Ok(calibration)
}

fn camera(wire: Wire, table: String) -> Result<CalibratedCamera, String> {
    let name = wire.name.unwrap_or(table);
    let whole = |side: f64| (side.fract() == 0.0 && (1.0..1e6).contains(&side)).then_some(side as u32);
    let [Some(width), Some(height)] = wire.size.map(whole) else {
        return Err(format!("{name}: its picture has no size"));
    };
    let fisheye = Distortion::is_fisheye(wire.fisheye, wire.model.as_deref());
    let distortion = fisheye.and_then(|fisheye| Distortion::new(&wire.distortions, fisheye));
    let distortion = distortion.map_err(|why| format!("{name}: {why}"))?;
    Ok(CalibratedCamera {
        name,
        size_px: [width, height],
        intrinsics: Matrix3::from(wire.matrix).transpose(),
        distortion,
        rotation: match wire.rotation {
            Rotation::Vector(vector) => Rotation3::new(Vector3::from(vector)).into_inner(),
            Rotation::Matrix(rows) => Matrix3::from(rows).transpose(),
        },
        translation_mm: Vector3::from(wire.translation),
    })
}
