//! What a pose is, and how far it is from another.
//!
//! A pose is 17 joints in the order of Human3.6M ([`joints`]), in millimetres, relative to its root, seen in a
//! [look-at frame](look_at). [`metrics`] measures the distance of two poses, [`labels`] turns somebody's world-frame
//! poses into labels per view, and [`baseline`] holds what every learned model has to beat.
//!
//! Nothing here runs a network. Files are touched only by the functions that name them in their arguments, and
//! [`calibration`] is read by [`labels::import`] and by the studio that renders a twin, offline.

pub mod baseline;
pub mod calibration;
mod error;
mod facing;
mod fusion;
pub mod joints;
pub mod labels;
pub mod look_at;
pub mod mapping;
pub mod metrics;
pub mod pose_file;
mod procrustes_mean;
pub mod trc;

pub use baseline::{MeanPose, Ridge};
pub use error::PoseError;
pub use facing::facing_error_deg;
pub use fusion::fuse;
pub use joints::{BONES, JOINT_NAMES, JOINTS, LIMB_JOINTS, Pose3d, ROOT};
pub use labels::{CameraLabels, FrameLabel, Labels};
pub use look_at::flip;
pub use metrics::{JointErrors, Metrics, compute_metrics, joint_errors, procrustes_distance_mm};
pub use pose_file::compare_files;
pub use procrustes_mean::ProcrustesMean;
