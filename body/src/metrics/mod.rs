//! How far bodies and cameras are from the ground truth, how steady bodies move, and whether their uncertainty holds.

mod coverage;
mod errors;
mod steadiness;

pub use coverage::{Miss, coverage, definition_offsets};
pub use errors::{BodyScores, CameraErrors, angle_degrees, camera_errors, score};
pub use steadiness::{Steadiness, Step, mean, steadiness};
