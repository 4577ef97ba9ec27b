//! Fits the body of an instant that only one camera sees.

use nalgebra::{Matrix3, Vector3};

use crate::adjustment::Adjustment;
use crate::camera::{Camera, Lens};
use crate::error::GeometryError;
use crate::fit_body::FittedBody;
use crate::median::median;
use crate::observation::{Observation, PixelView};
use crate::points::{BONES, GROUP_COUNT, POINT_COUNT, Points};
use crate::single_view::{in_camera_axes, slope, translation};
use crate::triangulate::near;

/// Nose and ears come first.
const HEAD: usize = 3;

/// Rounds of reweighting.
const ROUNDS: usize = 6;

/// The body that one view shows: its own 3D joints, placed where they fit the pixels best, at the distance at which
/// pixels and the person's bones agree. The distance is known only from the person's size, and left and right are not
/// confirmed by another view. `None` if the view shows too little.
///
/// # Errors
/// If the search does not converge.
pub fn fit_body_single(
    camera: &Camera,
    bone_lengths_mm: &[f64; GROUP_COUNT],
    view: &Observation,
) -> Result<Option<FittedBody>, GeometryError> {
    if !view.usable() {
        return Ok(None);
    }
    let view = &view.earlier(camera.time_offset_frames.unwrap_or(0.0));
    let Some(first) = in_front_of_camera(camera, bone_lengths_mm, view) else { return Ok(None) };
    let (lens, view) = (camera.lens(), PixelView::of(view));
    let lens_at_origin = Lens { rotation: Matrix3::identity(), translation: Vector3::zeros(), ..lens.clone() };
    let mut adjustment = Adjustment::of_points(vec![lens_at_origin], *bone_lengths_mm, vec![view.clone()], first);
    adjustment.settle(20, 1e-4)?;
    // A bone towards the camera fits as well as one away from it, so only the distance is taken from the adjustment.
    let farther = depth(&adjustment.state.points[0]) / depth(&first);
    let points_mm = first.map(|point| camera.rotation.transpose() * (farther * point) + camera.position_mm);
    let (lenses, views) = ([lens], [view]);
    let near_views = std::array::from_fn(|point| near(&lenses, &views, point, &points_mm[point]));
    Ok(Some(FittedBody { points_mm, near_views, exchanged: Vec::new() }))
}

/// The distance of a body along the camera's axis, without the head, which no bone connects.
fn depth(body: &Points) -> f64 {
    body[HEAD..].iter().map(|point| point.z).sum::<f64>()
}

/// The view's own body in its camera's axes, relative to the camera's centre.
fn in_front_of_camera(camera: &Camera, bone_lengths_mm: &[f64; GROUP_COUNT], view: &Observation) -> Option<Points> {
    let (focal, centre) = (camera.focal_px, &camera.principal_point_px);
    let own = in_camera_axes(view, focal, centre);
    let scale = scale(&own, bone_lengths_mm)?;
    let body = own.map(|point| scale * point);
    let mut weights = [1.0; POINT_COUNT];
    let mut found = None;
    for _ in 0..ROUNDS {
        let place = translation(view, focal, centre, &body, &weights)?;
        let error = |point: usize| {
            let seen: Vector3<f64> = body[point] + place;
            (seen.xy() / seen.z - slope(view, focal, centre, point)).norm()
        };
        let usual = median(&mut (0..POINT_COUNT).filter(|&point| view.believed(point) > 0.0).map(error).collect())?;
        weights = std::array::from_fn(|point| 1.0 / (1.0 + (error(point) / (usual + 1e-9)).powi(2)));
        found = Some(place);
    }
    let place = found?;
    Some(body.map(|point| point + place))
}

/// The factor by which the person's bones are longer than a body's (least squares).
fn scale(body: &Points, bone_lengths_mm: &[f64; GROUP_COUNT]) -> Option<f64> {
    let lengths = BONES.iter().map(|bone| ((body[bone.from] - body[bone.to]).norm(), bone_lengths_mm[bone.group]));
    let (both, own) = lengths.fold((0.0, 0.0), |(both, own), (a, b)| (both + a * b, own + a * a));
    Some(both / own).filter(|scale| scale.is_finite() && *scale > 0.0)
}
