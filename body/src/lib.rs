//! One body out of the joints that several cameras see: its joints, its landmarks, and their smoothing.
//!
//! Lengths are millimetres. No I/O, no clock, no threads.

mod filter;
mod find;
mod rig;
mod skeleton;
mod stand;
mod uncertainty;

pub use filter::{CausalFilter, MOST_DELAY_S, smooth_all};
pub use find::{FoundRig, RigCameras, find_rig};
pub use rig::{CameraGeometry, CameraUncertainty, Distortion, RigGeometry, ScaleSource, UpSource, WorldAxes};
pub use skeleton::{DERIVED_JOINTS, LANDMARK_NAMES, joint_confidence, joint_views, joints, landmark_views, landmarks};
pub use stand::floor_and_front;
pub use uncertainty::{Sight, uncertainty};
