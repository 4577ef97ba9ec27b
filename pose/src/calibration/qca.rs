//! Calibrations of Qualisys.

use nalgebra::{Matrix3, Vector3};

use super::{CalibratedCamera, Calibration, Distortion};

pub(super) fn cameras(text: &str) -> Result<Calibration, String> {
    let document = roxmltree::Document::parse(text).map_err(|error| error.to_string())?;
    let cameras: Vec<_> = document.descendants().filter(|node| node.has_tag_name("camera")).collect();
    if cameras.is_empty() {
        return Err("this XML has no camera".into());
    }
    // Cameras that see markers alone have no video.
    let (video, markers): (Vec<_>, Vec<_>) =
        cameras.into_iter().partition(|camera| camera.children().any(|node| node.has_tag_name("fov_video")));
    let mut calibration = Calibration::stated(video.into_iter().map(qca_camera).collect::<Result<_, _>>()?);
    if !markers.is_empty() {
        let names: Vec<&str> = markers.iter().filter_map(|camera| camera.attribute("serial")).collect();
        calibration.remarks.push(format!("cameras without video are left out: {}", names.join(", ")));
    }
    Ok(calibration)
}

fn qca_camera(camera: roxmltree::Node<'_, '_>) -> Result<CalibratedCamera, String> {
    const SUBPIXELS: f64 = 64.0;
    let name = camera.attribute("serial").ok_or("a camera has no serial")?.to_owned();
    let turns = match camera.attribute("viewrotation").unwrap_or("0") {
        "0" => 0,
        "90" => 1,
        "180" => 2,
        "270" | "-90" => 3,
        other => {
            return Err(format!("{name}: its view is rotated by {other} degrees; 0, 90, 180 and 270 are understood"));
        }
    };
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
    let distortion = Distortion::Usual([
        lens("radialDistortion1")?,
        lens("radialDistortion2")?,
        lens("tangentalDistortion1")?,
        lens("tangentalDistortion2")?,
        lens("radialDistortion3")?,
        0.0,
        0.0,
        0.0,
    ]);
    let translation_mm = -rotation * Vector3::new(pose("x")?, pose("y")?, pose("z")?);
    // Both edges are of the picture.
    let size_px = [view("right")? - left, view("bottom")? - top].map(|side| (side + 1.0) as u32);
    let as_shot = CalibratedCamera { name, size_px, intrinsics, distortion, rotation, translation_mm };
    Ok((0..turns).fold(as_shot, |camera, _| camera.turned()))
}
