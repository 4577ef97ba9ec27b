//! Poses, and the distances between them.
//!
//! A pose is 17 joints in the order of Human3.6M ([`joints`]), in millimetres relative to the root, in a [look-at
//! frame](look_at). [`metrics`] measures how far a pose is from another, [`labels`] turns world-frame poses into labels
//! per view, and [`baseline`] holds the baselines for learned models.
//!
//! Nothing here runs a network. Functions touch only files that are among their arguments; a [`calibration`] is read
//! only offline.
//!
//! ```
//! use pose::{Pose3d, compute_metrics};
//!
//! let truth: Pose3d = std::array::from_fn(|joint| [0.0, 50.0 * joint as f32, 0.0]);
//! let predicted = truth.map(|[x, y, z]| [x, y, z + 30.0]);
//! let metrics = compute_metrics(&[predicted], &[truth])?;
//! assert!((metrics.mpjpe17 - 30.0).abs() < 1e-3, "every joint is 30 mm off");
//! assert!(metrics.pmpjpe17 < 1e-3, "a shift costs nothing after alignment");
//! # Ok::<(), pose::PoseError>(())
//! ```

#![warn(missing_docs)]

pub mod baseline;
pub mod c3d;
pub mod calibration;
mod error;
mod facing;
mod fusion;
pub mod joints;
pub mod labels;
pub mod look_at;
pub mod mapping;
pub mod markers;
pub mod metrics;
mod plausible;
pub mod pose_file;
mod procrustes;
mod procrustes_mean;
mod sides;
mod text_file;
pub mod trc;

pub use baseline::{MeanPose, Ridge};
pub use error::PoseError;
pub use facing::facing_error_deg;
pub use fusion::fuse;
pub use joints::{
    BONES, JOINT_NAMES, JOINTS, LANDMARK_NAMES, LANDMARKS, LEFT_RIGHT, LIMB_JOINTS, Landmarks, Pose3d, ROOT,
    WorldJoints,
};
pub use labels::{CameraLabels, FrameLabel, KeyedBy, Labels};
pub use look_at::flip;
pub use metrics::{JointErrors, Metrics, compute_metrics, joint_errors, procrustes_distance_mm};
pub use pose_file::compare_files;
pub use procrustes_mean::ProcrustesMean;
