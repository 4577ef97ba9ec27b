//! BlazePose (Google, Apache-2.0): a detector of people and a network for the landmarks of one, with the steps around
//! them as MediaPipe's public graphs have them (`pose_detection`, `pose_landmark_by_roi`, `pose_landmarks_to_roi`).

mod anchors;
mod detector;
mod finder;
mod landmarks;
mod names;
mod region;

pub use finder::BlazePose;
pub use names::{LANDMARK_NAMES, LANDMARKS};
