//! Bodies by a published calibration and the finder's 2D joints: the best that these joints can give.

use body::joints;
use body::metrics::score;
use geometry::{Camera, Observation, POINT_COUNT, bone_lengths, fit_body, triangulate};
use infer::recording::Watched;
use miette::{IntoDiagnostic, miette};
use nalgebra::{Vector2, Vector3};
use pose::calibration::CalibratedCamera;

use super::row::Row;
use super::truth::Truth;

pub fn row(watched: &Watched, truth: &Truth) -> miette::Result<Row> {
    let by_name = |name: &String| {
        let known = truth.cameras.iter().find(|camera| &camera.name == name);
        known.ok_or_else(|| miette!("the calibration has no camera {name}"))
    };
    let published: Vec<&CalibratedCamera> = watched.names.iter().map(by_name).collect::<Result<_, _>>()?;
    let cameras: Vec<Camera> = published.iter().map(|camera| pinhole(camera)).collect();
    let straight =
        |(camera, view): (&&CalibratedCamera, &Option<Observation>)| Some(straightened(camera, view.as_ref()?));
    let straight = |views: &Vec<Option<Observation>>| published.iter().zip(views).map(straight).collect();
    let seen: Vec<Vec<Option<Observation>>> = watched.seen.iter().map(straight).collect();
    // Bone lengths come from these cameras, since the finder's own scale differs.
    let mut bodies = Vec::new();
    for views in &seen {
        let points = triangulate(&cameras, views).into_diagnostic()?.points_mm;
        let whole: Option<Vec<Vector3<f64>>> = points.into_iter().collect();
        bodies.extend(whole.and_then(|whole| <[Vector3<f64>; POINT_COUNT]>::try_from(whole).ok()));
    }
    let what = "published calibration, the finder's 2D".to_owned();
    if bodies.is_empty() {
        let refused = Some("no instant has all points, so how long bones are is not known".to_owned());
        return Ok(Row { what, scores: None, cameras: None, refused });
    }
    let lengths = bone_lengths(&bodies);
    let mut pairs = Vec::new();
    for (instant, views) in watched.instants.all.iter().zip(&seen) {
        let Some(truth) = truth.at(instant) else { continue };
        if let Some(body) = fit_body(&cameras, &lengths, views).into_diagnostic()? {
            pairs.push((joints(&body.points_mm), *truth));
        }
    }
    Ok(Row { what, scores: score(pairs.into_iter()), cameras: None, refused: None })
}

/// The camera without its distortion, and with one focal length.
fn pinhole(camera: &CalibratedCamera) -> Camera {
    let k = &camera.intrinsics;
    Camera {
        rotation: camera.rotation,
        position_mm: -(camera.rotation.transpose() * camera.translation_mm),
        focal_px: (k[(0, 0)] + k[(1, 1)]) / 2.0,
        principal_point_px: Vector2::new(k[(0, 2)], k[(1, 2)]),
        time_offset_frames: None,
    }
}

/// Converts a view's pixels to those of [`pinhole`].
fn straightened(camera: &CalibratedCamera, view: &Observation) -> Observation {
    let pinhole = pinhole(camera);
    let px = view.px.map(|px| {
        let seen = Vector2::from(px);
        // Find the ray that is distorted to the pixel by fixed-point iteration; distortion is small.
        let mut ray = (seen - pinhole.principal_point_px) / pinhole.focal_px;
        for _ in 0..20 {
            let Some(shown) = camera.project(Vector3::new(ray.x, ray.y, 1.0)) else { break };
            ray += (seen - shown) / pinhole.focal_px;
        }
        (ray * pinhole.focal_px + pinhole.principal_point_px).into()
    });
    Observation { px, velocity_px: None, ..view.clone() }
}
