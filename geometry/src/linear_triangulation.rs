//! Triangulates points by linear equations, reweighted by their residuals.

use nalgebra::{Matrix3, Vector3};

use crate::camera::Lens;
use crate::observation::PixelView;
use crate::points::POINT_COUNT;

/// Rounds of reweighting.
const ROUNDS: usize = 8;

/// The residual at which a view's weight is halved, in pixels of pictures of the reference size.
const HALF_WEIGHT_PX: f64 = 10.0;

/// Smaller depths count as this one, in millimetres.
const MIN_DEPTH_MM: f64 = 100.0;

/// The weight of a point outside the picture, so that a single good view does not leave it undetermined.
const MIN_WEIGHT: f64 = 1e-3;

/// The point that fits the views best; `None` if fewer than two views have it or their rays are parallel.
pub(crate) fn point(lenses: &[Lens], views: &[PixelView], index: usize) -> Option<Vector3<f64>> {
    let rays: Vec<(&Lens, nalgebra::Vector2<f64>, f64)> = lenses
        .iter()
        .zip(views)
        .filter(|(_, view)| view.seen())
        .map(|(lens, view)| {
            let slope = (view.earlier(index, lens.offset) - lens.centre) / lens.focal;
            (lens, slope, view.weight[index].max(MIN_WEIGHT))
        })
        .collect();
    if rays.len() < 2 {
        return None;
    }
    let mut scaled: Vec<(f64, f64)> = rays.iter().map(|ray| (ray.2, 1.0)).collect();
    let mut found = Vector3::zeros();
    for _ in 0..ROUNDS {
        let mut left = Matrix3::zeros();
        let mut right = Vector3::zeros();
        for ((lens, slope, _), (weight, depth)) in rays.iter().zip(&scaled) {
            for axis in 0..2 {
                let row = (lens.rotation.row(axis) - slope[axis] * lens.rotation.row(2)).transpose() / *depth;
                let value = (slope[axis] * lens.translation.z - lens.translation[axis]) / depth;
                left += *weight * row * row.transpose();
                right += *weight * value * row;
            }
        }
        found = left.try_inverse()? * right;
        for ((lens, slope, believed), (weight, depth)) in rays.iter().zip(&mut scaled) {
            let seen = lens.rotation * found + lens.translation;
            *depth = seen.z.max(MIN_DEPTH_MM);
            let error = (seen.xy() / *depth - slope).norm() * lens.focal;
            *weight = believed / (1.0 + (error / (HALF_WEIGHT_PX * lens.unit())).powi(2));
        }
    }
    found.iter().all(|value| value.is_finite()).then_some(found)
}

/// All points of one instant.
pub(crate) fn all_points(lenses: &[Lens], views: &[PixelView]) -> [Option<Vector3<f64>>; POINT_COUNT] {
    std::array::from_fn(|index| point(lenses, views, index))
}
