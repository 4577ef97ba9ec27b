//! Calibrations that OpenCV's `FileStorage` writes, in YAML or JSON, by the names that are usual in them.
//!
//! Either the keys end in the camera's name, as EasyMocap has them (`K_cam1`, `dist_cam1`, `Rot_cam1` or `R_cam1`,
//! `T_cam1`, and `W_cam1` and `H_cam1` for the size of its pictures), where extrinsics may stand in a file of their own
//! beside it; or each camera has an object of its own (`camera_matrix`, `distortion_coefficients`, `rvec` or `R`, `tvec` or
//! `T`, `image_width`, `image_height`); or the file is of one camera.

use nalgebra::{DMatrix, Matrix3, Rotation3, Vector3};
use serde_json::{Map, Value};

use super::{CalibratedCamera, Calibration, Distortion};

/// The names of a value, the usual one first.
type Names = &'static [&'static str];

const MATRIX: Names = &["camera_matrix", "cameraMatrix", "Camera_Matrix", "intrinsic_matrix", "matrix", "mtx", "K"];
const DISTORTION: Names = &[
    "distortion_coefficients",
    "Distortion_Coefficients",
    "distortionCoefficients",
    "dist_coeffs",
    "distCoeffs",
    "distortions",
    "distortion",
    "dist",
    "D",
];
const ROTATION: Names = &["Rot", "R", "rotation_matrix", "rotation", "rvec", "rvecs"];
const TRANSLATION: Names = &["T", "t", "translation", "translation_vector", "tvec", "tvecs"];
const WIDTH: Names = &["image_width", "image_Width", "imageWidth", "width", "W"];
const HEIGHT: Names = &["image_height", "image_Height", "imageHeight", "height", "H"];
const SIZE: Names = &["image_size", "imageSize", "size", "resolution"];
const NAME: Names = &["camera_name", "cameraName", "name"];

/// Text of `FileStorage` in YAML as a value.
pub(super) fn yaml(text: &str) -> Result<Value, String> {
    // Its first line is not quite YAML, and its tags say what the keys say already.
    let body: Vec<&str> = text.lines().filter(|line| !line.starts_with("%YAML")).collect();
    serde_yaml::from_str(&body.join("\n").replace("!!opencv-matrix", "")).map_err(|error| error.to_string())
}

/// Whether a value holds the intrinsics of cameras in one of the forms above.
pub(super) fn is_opencv(value: &Value) -> bool {
    let has = |map: &Map<String, Value>| find(map, MATRIX).is_some() || map.keys().any(|key| key.starts_with("K_"));
    let any = |map: &Map<String, Value>| has(map) || map.values().any(|value| value.as_object().is_some_and(has));
    value.as_object().is_some_and(|map| is_stereo(map) || any(map))
}

/// Whether it is of `stereoCalibrate`, as OpenCV's sample writes it.
fn is_stereo(map: &Map<String, Value>) -> bool {
    ["M1", "M2"].iter().all(|matrix| map.contains_key(*matrix))
}

/// Where a file lacks something: `extrinsics` gives what stands beside it, `size_px` the pictures' size by the camera's
/// name; `stem` names the camera of a file of one that has no name.
pub(super) struct Beside<'a> {
    pub stem: &'a str,
    pub extrinsics: Option<Value>,
    pub size_px: &'a dyn Fn(&str) -> Option<[u32; 2]>,
}

pub(super) fn cameras(value: &Value, beside: &Beside<'_>) -> Result<Calibration, String> {
    let map = value.as_object().ok_or("this is no calibration of OpenCV")?;
    if is_stereo(map) {
        return Err(
            "this is a stereo calibration (M1, M2), whose world is its first camera and has no axis upwards: write \
                    both cameras with camera_matrix, distortion_coefficients, and R and T from a world that has one"
                .into(),
        );
    }
    let parts: Vec<(String, Map<String, Value>)> = if find(map, MATRIX).is_some() {
        vec![(beside.stem.to_owned(), map.clone())]
    } else if map.keys().any(|key| key.starts_with("K_")) {
        let mut all = map.clone();
        all.extend(
            beside.extrinsics.iter().filter_map(Value::as_object).flatten().map(|(k, v)| (k.clone(), v.clone())),
        );
        by_suffix(&all)
    } else {
        // An object with any of these is a camera, and must be whole.
        let one = |map: &Map<String, Value>| {
            [MATRIX, DISTORTION, ROTATION, TRANSLATION].iter().any(|any| find(map, any).is_some())
        };
        let of = |(name, value): (&String, &Value)| {
            let map = value.as_object().filter(|map| one(map))?;
            Some((name.clone(), map.clone()))
        };
        map.iter().filter_map(of).collect()
    };
    let cameras = parts.iter().map(|(name, map)| camera(name, map, beside)).collect::<Result<_, _>>()?;
    Ok(Calibration::unstated(cameras))
}

/// Keys that end in `_NAME` as objects of their own.
fn by_suffix(map: &Map<String, Value>) -> Vec<(String, Map<String, Value>)> {
    let names = map.keys().filter_map(|key| key.strip_prefix("K_"));
    let part = |name: &str| {
        let suffix = format!("_{name}");
        let of = |(key, value): (&String, &Value)| Some((key.strip_suffix(&suffix)?.to_owned(), value.clone()));
        (name.to_owned(), map.iter().filter_map(of).collect())
    };
    names.map(part).collect()
}

fn camera(key: &str, map: &Map<String, Value>, beside: &Beside<'_>) -> Result<CalibratedCamera, String> {
    let name = find(map, NAME).and_then(Value::as_str).unwrap_or(key).to_owned();
    let numbers = |names: Names| {
        let value = find(map, names).ok_or_else(|| format!("{name}: no {}", names[0]))?;
        matrix(value).ok_or_else(|| format!("{name}: its {} is no matrix", names[0]))
    };
    let shaped = |names: Names, length: usize| {
        let found = numbers(names)?;
        let (rows, columns) = found.shape();
        if found.len() == length { Ok(found) } else { Err(format!("{name}: its {} is {rows}×{columns}", names[0])) }
    };
    let distortion: Vec<f64> = numbers(DISTORTION)?.iter().copied().collect();
    let model = find(map, &["camera_model", "model", "distortion_model", "lens_model"]).and_then(Value::as_str);
    let fisheye = Distortion::is_fisheye(find(map, &["fisheye"]).and_then(Value::as_bool), model)
        .map_err(|why| format!("{name}: {why}"))?;
    let rotation = numbers(ROTATION)?;
    let rotation = match rotation.len() {
        9 => Matrix3::from_row_iterator(rotation.transpose().iter().copied()),
        3 => Rotation3::new(Vector3::from_iterator(rotation.iter().copied())).into_inner(),
        other => return Err(format!("{name}: its rotation has {other} numbers, and 3 or 9 are understood")),
    };
    let size = find(map, SIZE).and_then(matrix).filter(|size| size.len() == 2);
    let side = |names: Names, at: usize| {
        let whole = |side: f64| ((1.0..1e6).contains(&side) && side.fract() == 0.0).then_some(side as u32);
        find(map, names)
            .and_then(matrix)
            .map(|side| side[0])
            .or_else(|| size.as_ref().map(|size| size[at]))
            .and_then(whole)
    };
    let stated = side(WIDTH, 0).zip(side(HEIGHT, 1)).map(|(width, height)| [width, height]);
    let Some(size_px) = stated.or_else(|| (beside.size_px)(&name)) else {
        return Err(format!("{name}: it does not say how large its pictures are; give the take with --take"));
    };
    Ok(CalibratedCamera {
        size_px,
        intrinsics: Matrix3::from_row_iterator(shaped(MATRIX, 9)?.transpose().iter().copied()),
        distortion: Distortion::new(&distortion, fisheye).map_err(|why| format!("{name}: {why}"))?,
        rotation,
        translation_mm: Vector3::from_iterator(shaped(TRANSLATION, 3)?.iter().copied()),
        name,
    })
}

fn find<'a>(map: &'a Map<String, Value>, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| map.get(*name))
}

/// A matrix, as `FileStorage` has it, as rows, as one row, or as one number.
fn matrix(value: &Value) -> Option<DMatrix<f64>> {
    let numbers = |value: &Value| value.as_array()?.iter().map(Value::as_f64).collect::<Option<Vec<f64>>>();
    match value {
        Value::Number(number) => Some(DMatrix::from_element(1, 1, number.as_f64()?)),
        Value::Object(map) => {
            let side = |name: &str| map.get(name)?.as_u64().and_then(|side| usize::try_from(side).ok());
            let (rows, columns, data) = (side("rows")?, side("cols")?, numbers(map.get("data")?)?);
            (rows.checked_mul(columns)? == data.len() && !data.is_empty())
                .then(|| DMatrix::from_row_slice(rows, columns, &data))
        }
        Value::Array(rows) if rows.first()?.is_array() => {
            let rows: Vec<Vec<f64>> = rows.iter().map(numbers).collect::<Option<_>>()?;
            let columns = rows[0].len();
            (columns > 0 && rows.iter().all(|row| row.len() == columns))
                .then(|| DMatrix::from_row_slice(rows.len(), columns, &rows.concat()))
        }
        Value::Array(_) => {
            let row = numbers(value)?;
            Some(DMatrix::from_row_slice(1, row.len(), &row))
        }
        _ => None,
    }
}
