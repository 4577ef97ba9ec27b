//! BlazePose (Google, Apache-2.0): a detector of people and a network for one person's landmarks, combined as in
//! MediaPipe's public graphs (`pose_detection`, `pose_landmark_by_roi`, `pose_landmarks_to_roi`).

mod anchors;
mod detector;
mod finder;
mod landmark_names;
mod landmarks;
mod rotated_square;

pub use finder::BlazePose;
pub use landmark_names::{LANDMARK_NAMES, LANDMARKS};
