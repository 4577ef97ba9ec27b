//! Errors of bodies and cameras against the ground truth.

use geometry::similarity;
use nalgebra::{Matrix3, Vector3};
use pose::calibration::CalibratedCamera;
use pose::{LIMB_JOINTS, WorldJoints};
use serde::Serialize;

use super::mean;
use crate::RigGeometry;

/// Errors of bodies against the ground truth, over the 12 limb joints.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BodyScores {
    /// Number of bodies.
    pub bodies: usize,
    /// Mean after each body's own similarity (P-MPJPE), in millimetres.
    pub p_mm: f64,
    /// The same for the worst body.
    pub worst_p_mm: f64,
    /// Mean after one similarity for all bodies, in millimetres.
    pub rig_mm: Option<f64>,
    /// The scale of that similarity.
    pub scale: f64,
}

/// Errors of cameras against the calibration.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CameraErrors {
    /// Mean angle between each pair's relative rotations, in degrees.
    pub rotation_degrees: f64,
    /// The largest error of a focal length, with its sign.
    pub focal_percent: f64,
}

/// Scores pairs of bodies and ground truth; `None` for no pairs.
pub fn score(pairs: impl Iterator<Item = (WorldJoints, WorldJoints)>) -> Option<BodyScores> {
    let limbs = |(found, truth): (WorldJoints, WorldJoints)| LIMB_JOINTS.map(|joint| (found[joint], truth[joint]));
    // Skip degenerate bodies, whose joints coincide.
    let fits = |pairs: &[(Vector3<f64>, Vector3<f64>); LIMB_JOINTS.len()]| similarity(pairs).is_some();
    let bodies: Vec<[(Vector3<f64>, Vector3<f64>); LIMB_JOINTS.len()]> = pairs.map(limbs).filter(fits).collect();
    let error = |pairs: &[(Vector3<f64>, Vector3<f64>)], fit: &geometry::Similarity| {
        pairs.iter().map(|(found, truth)| (fit.point(found) - truth).norm()).sum::<f64>() / pairs.len() as f64
    };
    let own: Vec<f64> = bodies.iter().map(|pairs| Some(error(pairs, &similarity(pairs)?))).collect::<Option<_>>()?;
    let all: Vec<_> = bodies.iter().flatten().copied().collect();
    let one = similarity(&all)?;
    Some(BodyScores {
        bodies: bodies.len(),
        p_mm: own.iter().sum::<f64>() / own.len() as f64,
        worst_p_mm: own.iter().copied().fold(0.0, f64::max),
        rig_mm: Some(error(&all, &one)),
        scale: one.scale,
    })
}

/// Scores the cameras that both have; `None` for fewer than two.
pub fn camera_errors(geometry: &RigGeometry, calibration: &[CalibratedCamera]) -> Option<CameraErrors> {
    let both: Vec<(Matrix3<f64>, Matrix3<f64>, f64)> = calibration
        .iter()
        .filter_map(|truth| {
            let found = geometry.cameras.get(&truth.name)?.camera();
            let focal = (truth.intrinsics[(0, 0)] + truth.intrinsics[(1, 1)]) / 2.0;
            Some((found.rotation, truth.rotation, 100.0 * (found.focal_px / focal - 1.0)))
        })
        .collect();
    let mut angles = Vec::new();
    for (at, (found, truth, _)) in both.iter().enumerate() {
        for (other_found, other_truth, _) in &both[at + 1..] {
            let turn = (other_found * found.transpose()) * (other_truth * truth.transpose()).transpose();
            angles.push(angle_degrees(&turn));
        }
    }
    let focal_percent = both.iter().map(|(.., percent)| *percent).max_by(|a, b| a.abs().total_cmp(&b.abs()))?;
    mean(angles).map(|rotation_degrees| CameraErrors { rotation_degrees, focal_percent })
}

/// The angle of a rotation, in degrees.
pub fn angle_degrees(rotation: &Matrix3<f64>) -> f64 {
    ((rotation.trace() - 1.0) / 2.0).clamp(-1.0, 1.0).acos().to_degrees()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_is_shifted_turned_and_shrunk_errs_by_nothing() {
        let truth: WorldJoints = std::array::from_fn(|joint| {
            let joint = joint as f64;
            Vector3::new(joint * 37.0 % 11.0, joint * 53.0 % 17.0, joint * 29.0 % 13.0) * 50.0
        });
        let moved = truth.map(|joint| 0.9 * Vector3::new(-joint.y, joint.x, joint.z) + Vector3::new(5.0, 6.0, 7.0));
        let same = score([(moved, truth)].into_iter()).unwrap();
        assert!(same.p_mm < 1e-6 && same.rig_mm.unwrap() < 1e-6 && (same.scale - 1.0 / 0.9).abs() < 1e-9);
        // Two bodies with different positions: each fits alone, both together do not.
        let elsewhere = moved.map(|joint| joint + Vector3::new(300.0, 0.0, 0.0));
        let both = score([(moved, truth), (elsewhere, truth)].into_iter()).unwrap();
        assert!(both.p_mm < 1e-6 && both.rig_mm.unwrap() > 50.0);
        assert_eq!(score(std::iter::empty()), None);
    }
}
