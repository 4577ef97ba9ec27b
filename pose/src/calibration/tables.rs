//! Calibrations in TOML, a table for each camera, as Pose2Sim, Anipose and Caliscope write them.

use nalgebra::{Matrix3, Rotation3, Vector3};
use serde::Deserialize;
use toml::{Table, Value};

use super::{CalibratedCamera, Distortion, in_millimetres};

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
    #[serde(default)]
    fisheye: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Rotation {
    /// Rodrigues' vector.
    Vector([f64; 3]),
    Matrix([[f64; 3]; 3]),
}

pub(super) fn cameras(text: &str) -> Result<Vec<CalibratedCamera>, String> {
    let tables: Table = text.parse().map_err(|error: toml::de::Error| error.message().to_owned())?;
    // Caliscope's videos are called after its tables' numbers.
    let of_caliscope = tables.get(CAMERAS).and_then(Value::as_table).into_iter().flatten();
    let of_caliscope = of_caliscope.map(|(number, table)| (format!("cam_{number}"), table));
    let named = tables.iter().filter(|(name, _)| *name != CAMERAS).map(|(name, table)| (name.clone(), table));
    let mut cameras = Vec::new();
    let mut without_place = Vec::new();
    for (table, value) in named.chain(of_caliscope) {
        // Others tables hold settings.
        let Some(keys) = value.as_table().filter(|keys| keys.contains_key("size")) else { continue };
        if !["matrix", "rotation", "translation"].iter().all(|key| keys.contains_key(*key)) {
            without_place.push(table);
            continue;
        }
        let wire: Wire =
            value.clone().try_into().map_err(|error: toml::de::Error| format!("{table}: {}", error.message()))?;
        cameras.push(camera(wire, table)?);
    }
    if cameras.is_empty() {
        return Err(match &*without_place {
            [] => "this TOML has no camera".into(),
            _ => format!("no camera has a matrix, a rotation and a translation: {}", without_place.join(", ")),
        });
    }
    in_millimetres(&mut cameras);
    Ok(cameras)
}

fn camera(wire: Wire, table: String) -> Result<CalibratedCamera, String> {
    let name = wire.name.unwrap_or(table);
    let whole = |side: f64| (side.fract() == 0.0 && (1.0..1e6).contains(&side)).then_some(side as u32);
    let [Some(width), Some(height)] = wire.size.map(whole) else {
        return Err(format!("{name}: its picture has no size"));
    };
    let distortion = Distortion::new(&wire.distortions, wire.fisheye).map_err(|why| format!("{name}: {why}"))?;
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
