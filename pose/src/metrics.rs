//! Distances between poses: MPJPE, N-MPJPE and P-MPJPE.
//!
//! Coordinates are taken as they are: root-relative poses have their root at zero, and nothing here moves it. The error
//! of a joint is its Euclidean distance in millimetres; a metric is the mean over joints, then over poses.
//!
//! - **MPJPE** compares the poses as given.
//! - **N-MPJPE** scales each prediction by s = <p, g> / <p, p> over all coordinates, the least-squares scale (Rhodin et
//!   al., ECCV 2018; VideoPose3D).
//! - **P-MPJPE** moves each prediction by the best similarity (rotation of determinant +1, scale, translation), fitted
//!   on all 17 joints. A reflection is never used.
//!
//! The suffix says which joints are averaged: `17` all, as most papers do, with a root that errs by zero; `16` all but
//! the root, as Jenni & Favaro (2020) and Rhodin et al. do, which is 17/16 of the former while the root errs by zero.
//!
//! Scale and similarity minimise *squared* distances, so a mean of distances can grow by them; N-MPJPE is not bounded
//! by MPJPE, though it rarely exceeds it.

use nalgebra::{Matrix3, Vector3};
use serde::{Deserialize, Serialize};

use crate::{JOINTS, Pose3d, PoseError, ROOT};

/// A pose in double precision, as the metrics compute it.
pub(crate) type Pose64 = [[f64; 3]; JOINTS];

/// The metrics over a set of poses, in millimetres.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    pub mpjpe17: f64,
    pub mpjpe16: f64,
    pub nmpjpe17: f64,
    pub nmpjpe16: f64,
    pub pmpjpe17: f64,
}

/// The three errors of each joint in millimetres, mean over poses. Every metric is a mean over these.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct JointErrors {
    pub plain: [f64; JOINTS],
    pub scaled: [f64; JOINTS],
    pub procrustes: [f64; JOINTS],
}

/// The three metrics over chosen joints, in millimetres. Scale and similarity are still fitted on all 17.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SubsetMetrics {
    pub mpjpe: f64,
    pub nmpjpe: f64,
    pub pmpjpe: f64,
}

/// All metrics of predictions against truths, pose by pose.
///
/// A prediction that has no extent is still measured: if it is all zero, no scale helps it and N-MPJPE equals MPJPE; if
/// its joints are in one point, P-MPJPE puts that point on the centroid of the truth.
///
/// # Errors
/// No poses, different counts, a coordinate that is not finite, or a truth whose joints are all in one point.
pub fn compute_metrics(prediction: &[Pose3d], truth: &[Pose3d]) -> Result<Metrics, PoseError> {
    joint_errors(prediction, truth).map(|errors| errors.metrics())
}

/// The errors of each joint; [`compute_metrics`] says what is measured and what fails.
pub fn joint_errors(prediction: &[Pose3d], truth: &[Pose3d]) -> Result<JointErrors, PoseError> {
    let widen = |poses: &[Pose3d]| poses.iter().map(|pose| pose.map(|joint| joint.map(f64::from))).collect::<Vec<_>>();
    joint_errors64(&widen(prediction), &widen(truth))
}

/// P-MPJPE of one pair of poses in mm, over all 17 joints: `a` moved onto `b`.
pub fn procrustes_distance_mm(a: &Pose3d, b: &Pose3d) -> f64 {
    let widen = |pose: &Pose3d| pose.map(|joint| Vector3::from(joint.map(f64::from)));
    let (a, b) = (widen(a), widen(b));
    let similarity = Similarity::fit(&a, &b);
    a.iter().zip(&b).map(|(a, b)| (similarity.apply(*a) - b).norm()).sum::<f64>() / JOINTS as f64
}

pub(crate) fn joint_errors64(prediction: &[Pose64], truth: &[Pose64]) -> Result<JointErrors, PoseError> {
    if prediction.len() != truth.len() {
        return Err(PoseError::LengthMismatch { prediction: prediction.len(), truth: truth.len() });
    }
    if truth.is_empty() {
        return Err(PoseError::NoPoses);
    }
    check_finite("predicted", prediction)?;
    check_finite("true", truth)?;

    let mut sums = JointErrors { plain: [0.0; JOINTS], scaled: [0.0; JOINTS], procrustes: [0.0; JOINTS] };
    for (index, (p, g)) in prediction.iter().zip(truth).enumerate() {
        if g.iter().all(|joint| joint == &g[0]) {
            return Err(PoseError::CollapsedTruth { pose: index });
        }
        let (p, g) = (p.map(Vector3::from), g.map(Vector3::from));
        let scale = best_scale(&p, &g);
        let similarity = Similarity::fit(&p, &g);
        for joint in 0..JOINTS {
            sums.plain[joint] += (p[joint] - g[joint]).norm();
            sums.scaled[joint] += (p[joint] * scale - g[joint]).norm();
            sums.procrustes[joint] += (similarity.apply(p[joint]) - g[joint]).norm();
        }
    }
    let mean = |sum: [f64; JOINTS]| sum.map(|sum| sum / truth.len() as f64);
    Ok(JointErrors { plain: mean(sums.plain), scaled: mean(sums.scaled), procrustes: mean(sums.procrustes) })
}

impl JointErrors {
    pub fn metrics(&self) -> Metrics {
        Metrics {
            mpjpe17: mean(&self.plain),
            mpjpe16: mean(&self.plain[ROOT + 1..]),
            nmpjpe17: mean(&self.scaled),
            nmpjpe16: mean(&self.scaled[ROOT + 1..]),
            pmpjpe17: mean(&self.procrustes),
        }
    }

    /// The metrics over some joints, for example [`LIMB_JOINTS`](crate::LIMB_JOINTS).
    ///
    /// # Errors
    /// A joint beyond 16, or no joint at all.
    pub fn over(&self, joints: &[usize]) -> Result<SubsetMetrics, PoseError> {
        if let Some(&joint) = joints.iter().find(|&&joint| joint >= JOINTS) {
            return Err(PoseError::NoSuchJoint { joint });
        }
        if joints.is_empty() {
            return Err(PoseError::NoPoses);
        }
        let over =
            |errors: &[f64; JOINTS]| joints.iter().map(|&joint| errors[joint]).sum::<f64>() / joints.len() as f64;
        Ok(SubsetMetrics { mpjpe: over(&self.plain), nmpjpe: over(&self.scaled), pmpjpe: over(&self.procrustes) })
    }
}

fn mean(errors: &[f64]) -> f64 {
    errors.iter().sum::<f64>() / errors.len() as f64
}

fn check_finite(which: &'static str, poses: &[Pose64]) -> Result<(), PoseError> {
    for (pose, joints) in poses.iter().enumerate() {
        if let Some(joint) = joints.iter().position(|joint| joint.iter().any(|value| !value.is_finite())) {
            return Err(PoseError::not_finite(which, pose, joint));
        }
    }
    Ok(())
}

fn best_scale(p: &[Vector3<f64>; JOINTS], g: &[Vector3<f64>; JOINTS]) -> f64 {
    let norm: f64 = p.iter().map(Vector3::norm_squared).sum();
    if norm == 0.0 { 1.0 } else { p.iter().zip(g).map(|(p, g)| p.dot(g)).sum::<f64>() / norm }
}

/// The rotation, never a reflection, that a covariance of targets with sources speaks for (Kabsch).
pub(crate) fn rotation(covariance: Matrix3<f64>) -> Matrix3<f64> {
    let svd = covariance.svd_unordered(true, true);
    let (Some(u), Some(v_t)) = (svd.u, svd.v_t) else {
        unreachable!("both factors were asked for");
    };
    let mut signs = Vector3::repeat(1.0);
    if (u * v_t).determinant() < 0.0 {
        // The direction that matters least is the one to turn around.
        signs[svd.singular_values.imin()] = -1.0;
    }
    u * Matrix3::from_diagonal(&signs) * v_t
}

/// x -> scale * rotation * (x - from) + to
pub(crate) struct Similarity {
    rotation_scale: Matrix3<f64>,
    from: Vector3<f64>,
    to: Vector3<f64>,
}

impl Similarity {
    /// Least-squares similarity from `p` to `g` without reflection (Umeyama, PAMI 1991).
    pub(crate) fn fit(p: &[Vector3<f64>; JOINTS], g: &[Vector3<f64>; JOINTS]) -> Self {
        let centroid = |pose: &[Vector3<f64>; JOINTS]| pose.iter().sum::<Vector3<f64>>() / JOINTS as f64;
        let (from, to) = (centroid(p), centroid(g));
        let spread: f64 = p.iter().map(|p| (p - from).norm_squared()).sum();
        // Rounding leaves identical points a little spread; a fit to that would be a fit to noise.
        let size: f64 = p.iter().map(Vector3::norm_squared).sum();
        if spread <= size * 1e-28 {
            return Self { rotation_scale: Matrix3::zeros(), from, to };
        }
        let covariance: Matrix3<f64> = p.iter().zip(g).map(|(p, g)| (g - to) * (p - from).transpose()).sum();
        let rotation = rotation(covariance);
        Self { rotation_scale: rotation * ((rotation.transpose() * covariance).trace() / spread), from, to }
    }

    pub(crate) fn apply(&self, x: Vector3<f64>) -> Vector3<f64> {
        self.rotation_scale * (x - self.from) + self.to
    }
}

#[cfg(test)]
#[path = "metrics_tests.rs"]
mod tests;
