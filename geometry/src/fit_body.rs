//! Fits the whole body of an instant, with cameras and bone lengths known.

use nalgebra::Vector3;

use crate::adjustment::Adjustment;
use crate::camera::Camera;
use crate::error::GeometryError;
use crate::exchange::exchange;
use crate::linear_triangulation;
use crate::observation::Observation;
use crate::points::{EXCHANGED, GROUP_COUNT, POINT_COUNT};
use crate::sides::{Sides, contradicts, forwardness, judge};
use crate::single_view::in_camera_axes;
use crate::triangulate::{near, prepared};

/// The whole body at one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct FittedBody {
    /// All points in the world, in millimetres. A point that no view comes near is placed by its bones' lengths.
    pub points_mm: [Vector3<f64>; POINT_COUNT],
    /// Per point how many views come within [`crate::NEAR_PX`] of it.
    pub near_views: [usize; POINT_COUNT],
    /// Cameras whose left and right were exchanged.
    pub exchanged: Vec<usize>,
}

/// The points of one instant that fit pixels and bone lengths (millimetres, as in [`crate::Solution`]). `None` if fewer
/// than two views see the person, or only two or three do and contradict each other about left and right.
///
/// # Errors
/// If there are fewer than two cameras, not one view per camera, or the search does not converge.
pub fn fit_body(
    cameras: &[Camera],
    bone_lengths_mm: &[f64; GROUP_COUNT],
    views: &[Option<Observation>],
) -> Result<Option<FittedBody>, GeometryError> {
    let mut corrected: Vec<Option<Observation>> =
        views.iter().map(|view| view.clone().filter(Observation::usable)).collect();
    let seen = corrected.iter().flatten().count();
    if cameras.len() >= 2 && views.len() == cameras.len() && seen < 2 {
        return Ok(None);
    }
    let (pair, few) = (seen == 2, (2..=3).contains(&seen));
    let mut first_exchanged = None;
    if few && views.len() == cameras.len() {
        let bodies = cameras.iter().zip(&corrected).map(|(camera, view)| {
            let body = |view: &Observation| in_camera_axes(view, camera.focal_px, &camera.principal_point_px);
            let view = view.as_ref()?;
            Some((body(view), body(&view.exchanged())))
        });
        let rotations: Vec<_> = cameras.iter().map(|camera| camera.rotation).collect();
        match judge(&rotations, &bodies.collect::<Vec<_>>()) {
            Sides::Contradict if pair => return Ok(None),
            Sides::Exchange(camera) => {
                corrected[camera] = corrected[camera].as_ref().map(Observation::exchanged);
                first_exchanged = Some(camera);
            }
            Sides::Agree | Sides::Contradict => {}
        }
    }
    let given = views;
    let (lenses, views) = prepared(cameras, &corrected)?;
    let first = linear_triangulation::all_points(&lenses, &views);
    let found: Vec<Vector3<f64>> = first.iter().flatten().copied().collect();
    if found.is_empty() {
        return Ok(None);
    }
    let middle = found.iter().sum::<Vector3<f64>>() / found.len() as f64;
    let points = first.map(|point| point.unwrap_or(middle));
    let mut adjustment = Adjustment::of_points(lenses, *bone_lengths_mm, views, points);
    let mut exchanged: Vec<usize> = first_exchanged.into_iter().collect();
    for (camera, lens) in adjustment.state.lenses.iter().enumerate() {
        if exchange(lens, &mut adjustment.views[0][camera], &points) {
            // Exchanged twice is not exchanged.
            let before = exchanged.len();
            exchanged.retain(|&other| other != camera);
            if exchanged.len() == before {
                exchanged.push(camera);
            }
        }
    }
    adjustment.settle(40, 1e-4)?;
    if adjustment.reinitialise() {
        adjustment.settle(30, 1e-4)?;
    }
    let Adjustment { views, state, .. } = adjustment;
    let mut points_mm = state.points[0];
    let mut near_views = std::array::from_fn(|point| near(&state.lenses, &views[0], point, &points_mm[point]));
    if pair && forwardness(&points_mm) < 0.0 {
        points_mm = EXCHANGED.map(|from| points_mm[from]);
        near_views = EXCHANGED.map(|from| near_views[from]);
        exchanged =
            (0..cameras.len()).filter(|camera| corrected[*camera].is_some() && !exchanged.contains(camera)).collect();
    }
    if few && contradicting(cameras, given, &points_mm, &exchanged) * 2 >= seen {
        return Ok(None);
    }
    Ok(Some(FittedBody { points_mm, near_views, exchanged }))
}

/// How many views' own 3D joints face another way than the body.
fn contradicting(
    cameras: &[Camera],
    views: &[Option<Observation>],
    points: &[Vector3<f64>; POINT_COUNT],
    exchanged: &[usize],
) -> usize {
    let contradicts_body = |(camera, view): (usize, &Option<Observation>)| {
        let Some(view) = view.as_ref().filter(|view| view.usable()) else { return false };
        let view = if exchanged.contains(&camera) { view.exchanged() } else { view.clone() };
        let Camera { rotation, focal_px, principal_point_px, .. } = &cameras[camera];
        contradicts(&points.map(|point| rotation * point), &in_camera_axes(&view, *focal_px, principal_point_px))
    };
    views.iter().enumerate().filter(|view| contradicts_body(*view)).count()
}
