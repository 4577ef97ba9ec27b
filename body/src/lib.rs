//! One body from what several cameras see: its joints and landmarks, their smoothing and uncertainty, and the geometry
//! of the rig as files store it.
//!
//! Lengths are millimetres. No I/O, no clock, no threads.

#![warn(missing_docs)]

mod find_rig;
mod floor_and_front;
mod markers;
pub mod metrics;
mod rig;
mod skeleton;
mod smoothing;
mod uncertainty;
mod view_labels;

pub use find_rig::{FoundRig, RigCameras, find_rig};
pub use floor_and_front::floor_and_front;
pub use markers::{ConfirmedBody, MARKER_COUNT, MARKERS, MarkerSource};
pub use rig::{CameraGeometry, CameraUncertainty, Distortion, RigGeometry, ScaleSource, UpSource, WorldAxes};
pub use skeleton::{DERIVED_JOINTS, joint_confidence, joint_views, joints, landmark_views, landmarks};
pub use smoothing::{CausalFilter, MAX_DELAY_S, smooth_all};
pub use uncertainty::{BodyView, uncertainty};
pub use view_labels::{AGREES_WITHIN, frame_label, views_to_label};
