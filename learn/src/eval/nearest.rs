//! Distance of poses to the nearest training pose.

use pose::{Pose3d, PoseError, procrustes_distance_mm};
use serde::Serialize;

/// P-MPJPE in mm from each evaluated pose to its nearest training pose: mean and maximum.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Nearest {
    pub mean_mm: f64,
    pub largest_mm: f64,
}

/// Compares all pairs: a hundred poses with thirty thousand take seconds.
///
/// # Errors
/// If either set is empty.
pub(super) fn nearest(poses: &[Pose3d], among: &[Pose3d]) -> Result<Nearest, PoseError> {
    if poses.is_empty() || among.is_empty() {
        return Err(PoseError::NoPoses);
    }
    let distances = poses
        .iter()
        .map(|pose| among.iter().map(|other| procrustes_distance_mm(other, pose)).fold(f64::INFINITY, f64::min));
    let (sum, largest_mm) = distances.fold((0.0, 0.0f64), |(sum, most), at| (sum + at, most.max(at)));
    Ok(Nearest { mean_mm: sum / poses.len() as f64, largest_mm })
}
