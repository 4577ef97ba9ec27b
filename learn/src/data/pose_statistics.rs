//! Mean and standard deviation of poses, for normalising a model's output.

use pose::{JOINTS, Pose3d};

/// Mean and standard deviation of each coordinate, joint by joint.
pub(crate) fn statistics<'a>(
    poses: impl ExactSizeIterator<Item = &'a Pose3d> + Clone,
) -> ([f64; 3 * JOINTS], [f64; 3 * JOINTS]) {
    let count = poses.len().max(1) as f64;
    let values = |at: usize| poses.clone().map(move |pose| f64::from(pose[at / 3][at % 3]));
    let mean: [f64; 3 * JOINTS] = std::array::from_fn(|at| values(at).sum::<f64>() / count);
    let std =
        std::array::from_fn(|at| (values(at).map(|value| (value - mean[at]).powi(2)).sum::<f64>() / count).sqrt());
    (mean, std)
}
