//! A single view's own 3D joints in the axes of its camera, and their position in front of it.

use nalgebra::{Matrix3, Vector2, Vector3};

use crate::observation::Observation;
use crate::points::{LEFT_HIP, POINT_COUNT, Points, RIGHT_HIP};
use crate::rotation::onto_axis;

/// A view's 3D joints in the axes of its real camera, which does not look straight at the hips.
pub(crate) fn in_camera_axes(view: &Observation, focal: f64, centre: &Vector2<f64>) -> Points {
    let points = view.points_mm();
    let slope = |point: usize| slope(view, focal, centre, point);
    let hips = 0.5 * (slope(LEFT_HIP) + slope(RIGHT_HIP));
    if !hips.iter().all(|value| value.is_finite()) {
        return points;
    }
    let back = onto_axis(&hips.push(1.0)).transpose();
    points.map(|point| back * point)
}

/// x/z and y/z of a point in its camera's axes.
pub(crate) fn slope(view: &Observation, focal: f64, centre: &Vector2<f64>, point: usize) -> Vector2<f64> {
    (Vector2::from(view.px[point]) - centre) / focal
}

/// The translation in front of a camera with which a body fits the pixels best, by linear equations. `weights` multiply
/// the view's own.
pub(crate) fn translation(
    view: &Observation,
    focal: f64,
    centre: &Vector2<f64>,
    body: &Points,
    weights: &[f64; POINT_COUNT],
) -> Option<Vector3<f64>> {
    let mut left = Matrix3::zeros();
    let mut right = Vector3::zeros();
    for point in 0..POINT_COUNT {
        let weight = view.believed(point) * weights[point];
        if weight <= 0.0 {
            continue;
        }
        let slope = slope(view, focal, centre, point);
        for axis in 0..2 {
            let mut row = Vector3::new(0.0, 0.0, -slope[axis]);
            row[axis] = 1.0;
            left += weight * row * row.transpose();
            right += weight * (slope[axis] * body[point].z - body[point][axis]) * row;
        }
    }
    let place = left.try_inverse()? * right;
    (place.iter().all(|value| value.is_finite()) && place.z > 0.0).then_some(place)
}
