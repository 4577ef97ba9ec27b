//! Distances between poses: MPJPE, N-MPJPE and P-MPJPE.
//!
//! Coordinates are used as given; root-relative poses have their root at zero. The error of a joint is its Euclidean
//! distance in millimetres; a metric is the mean over joints, then over poses.
//!
//! - **MPJPE** compares the poses as given.
//! - **N-MPJPE** scales each prediction by s = <p, g> / <p, p> over all coordinates, the least-squares scale (Rhodin et
//!   al., ECCV 2018; VideoPose3D).
//! - **P-MPJPE** moves each prediction by the best similarity (rotation of determinant +1, scale, translation), fitted
//!   on all 17 joints. A reflection is never used.
//!
//! The suffix says which joints are averaged: `17` all, as in most papers, with a root error of zero; `16` all but the
//! root, as in Jenni & Favaro (2020) and Rhodin et al., which is 17/16 of the former while the root error is zero.
//!
//! Scale and similarity minimise *squared* distances, so N-MPJPE can exceed MPJPE, though it rarely does.

use nalgebra::Vector3;
use serde::{Deserialize, Serialize};

use crate::procrustes::Alignment;
use crate::{JOINTS, Pose3d, PoseError, ROOT};

/// A pose in double precision, as the metrics compute it.
pub(crate) type Pose64 = [[f64; 3]; JOINTS];

/// The metrics over a set of poses, in millimetres.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// MPJPE over all joints.
    pub mpjpe17: f64,
    /// MPJPE without the root.
    pub mpjpe16: f64,
    /// N-MPJPE over all joints.
    pub nmpjpe17: f64,
    /// N-MPJPE without the root.
    pub nmpjpe16: f64,
    /// P-MPJPE over all joints.
    pub pmpjpe17: f64,
}

/// The three errors of each joint in millimetres, mean over poses. Every metric is a mean over these.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct JointErrors {
    /// As given.
    pub plain: [f64; JOINTS],
    /// After the best scale.
    pub scaled: [f64; JOINTS],
    /// After the best similarity.
    pub procrustes: [f64; JOINTS],
}

/// The three metrics over chosen joints, in millimetres. Scale and similarity are still fitted on all 17.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SubsetMetrics {
    /// MPJPE.
    pub mpjpe: f64,
    /// N-MPJPE.
    pub nmpjpe: f64,
    /// P-MPJPE.
    pub pmpjpe: f64,
}

/// All metrics of predictions against truths, pose by pose.
///
/// A prediction without extent is measured, too: if it is all zero, N-MPJPE equals MPJPE; if its joints are all in one
/// point, P-MPJPE moves that point to the centroid of the truth.
///
/// # Errors
/// If there are no poses, the counts differ, a coordinate is not finite, or all joints of a truth are in one point.
pub fn compute_metrics(prediction: &[Pose3d], truth: &[Pose3d]) -> Result<Metrics, PoseError> {
    joint_errors(prediction, truth).map(|errors| errors.metrics())
}

/// The errors of each joint.
///
/// # Errors
/// As [`compute_metrics`].
pub fn joint_errors(prediction: &[Pose3d], truth: &[Pose3d]) -> Result<JointErrors, PoseError> {
    let widen = |poses: &[Pose3d]| poses.iter().map(|pose| pose.map(|joint| joint.map(f64::from))).collect::<Vec<_>>();
    joint_errors64(&widen(prediction), &widen(truth))
}

/// P-MPJPE of one pair of poses in mm, over all 17 joints: `a` moved onto `b`.
pub fn procrustes_distance_mm(a: &Pose3d, b: &Pose3d) -> f64 {
    let widen = |pose: &Pose3d| pose.map(|joint| Vector3::from(joint.map(f64::from)));
    let (a, b) = (widen(a), widen(b));
    let alignment = Alignment::fit(&a, &b);
    a.iter().zip(&b).map(|(a, b)| (alignment.apply(*a) - b).norm()).sum::<f64>() / JOINTS as f64
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
        let alignment = Alignment::fit(&p, &g);
        for joint in 0..JOINTS {
            sums.plain[joint] += (p[joint] - g[joint]).norm();
            sums.scaled[joint] += (p[joint] * scale - g[joint]).norm();
            sums.procrustes[joint] += (alignment.apply(p[joint]) - g[joint]).norm();
        }
    }
    let mean = |sum: [f64; JOINTS]| sum.map(|sum| sum / truth.len() as f64);
    Ok(JointErrors { plain: mean(sums.plain), scaled: mean(sums.scaled), procrustes: mean(sums.procrustes) })
}

impl JointErrors {
    /// The metrics, as means over the joints.
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
    /// If a joint is above 16, or none is given.
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

#[cfg(test)]
#[path = "metrics_tests.rs"]
mod tests;
