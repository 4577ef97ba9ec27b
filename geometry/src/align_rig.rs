//! Aligns a new solution with an old one, so that refining a rig does not move its world.

use nalgebra::{Matrix3, Vector3};

use crate::camera::Camera;
use crate::median::median;
use crate::rotation::nearest;
use crate::similarity::Similarity;

/// Rounds of reweighting, in which a camera that moved loses its weight.
const ROUNDS: usize = 20;

/// The similarity that maps a new rig onto an old one. `cameras` has pairs of the same camera in the new and in the old
/// world; `points_mm` has pairs of the same point, and may be empty. A camera counts by its centre and its rotation, so
/// that two cameras suffice; with three or more, a camera that was moved meanwhile is outvoted. All points together
/// weigh as much as all cameras.
///
/// Apply it to the new: [`Similarity::camera`] and [`Similarity::point`]. `None` for fewer than two cameras, all
/// cameras at one place and no points, or numbers that are not finite.
pub fn align_rig(cameras: &[(Camera, Camera)], points_mm: &[(Vector3<f64>, Vector3<f64>)]) -> Option<Similarity> {
    if cameras.len() < 2 {
        return None;
    }
    let mut trust = vec![1.0; cameras.len()];
    let mut similarity = weighted(cameras, points_mm, &trust)?;
    if cameras.len() == 2 {
        return Some(similarity);
    }
    for _ in 0..ROUNDS {
        let middle_of_old = cameras.iter().map(|(_, old)| old.position_mm).sum::<Vector3<f64>>() / cameras.len() as f64;
        let reach =
            cameras.iter().map(|(_, old)| (old.position_mm - middle_of_old).norm()).sum::<f64>() / cameras.len() as f64;
        let errors: Vec<f64> = cameras
            .iter()
            .map(|(new, old)| {
                let moved = similarity.camera(new);
                (moved.position_mm - old.position_mm).norm() / reach + (moved.rotation - old.rotation).norm()
            })
            .collect();
        let middle = median(&mut errors.clone())? + 1e-9;
        trust = errors.iter().map(|error| (1.0 + (error / (2.0 * middle)).powi(2)).powi(-2)).collect();
        similarity = weighted(cameras, points_mm, &trust)?;
    }
    Some(similarity)
}

/// The rotation from the cameras' rotations and all positions, then scale and shift from the positions.
fn weighted(
    cameras: &[(Camera, Camera)],
    points: &[(Vector3<f64>, Vector3<f64>)],
    trust: &[f64],
) -> Option<Similarity> {
    let each = trust.iter().sum::<f64>() / points.len().max(1) as f64;
    let centres = cameras.iter().zip(trust).map(|((new, old), trust)| (new.position_mm, old.position_mm, *trust));
    let places: Vec<_> = centres.chain(points.iter().map(|(new, old)| (*new, *old, each))).collect();
    let total: f64 = places.iter().map(|place| place.2).sum();
    let new_mean = places.iter().map(|place| place.2 * place.0).sum::<Vector3<f64>>() / total;
    let old_mean = places.iter().map(|place| place.2 * place.1).sum::<Vector3<f64>>() / total;
    let mut product = Matrix3::zeros();
    let (mut new_extent, mut old_extent) = (0.0, 0.0);
    for (new, old, weight) in &places {
        product += *weight * (old - old_mean) * (new - new_mean).transpose();
        new_extent += weight * (new - new_mean).norm_squared();
        old_extent += weight * (old - old_mean).norm_squared();
    }
    let looks: Matrix3<f64> =
        cameras.iter().zip(trust).map(|((new, old), trust)| *trust * old.rotation.transpose() * new.rotation).sum();
    let places_part = if new_extent * old_extent > 0.0 { total / (new_extent * old_extent).sqrt() } else { 0.0 };
    let rotation = nearest(&(looks + product * places_part))?;
    let scale = (rotation.transpose() * product).trace() / new_extent;
    let translation_mm = old_mean - scale * (rotation * new_mean);
    (scale.is_finite() && scale > 0.0).then_some(Similarity { scale, rotation, translation_mm })
}
