//! The scores of one take, seen by its first few cameras.

use serde::Serialize;

use super::score::{AloneScores, BodyTakeScores};

/// Numbers of cameras to try, always the first ones of a take.
pub const CAMERAS: [usize; 5] = [2, 3, 4, 6, 8];

/// The scores of one take, seen by its first few cameras.
#[derive(Clone, Serialize)]
pub struct Row {
    pub take: String,
    pub cameras: usize,
    /// Cameras that are not in the geometry, and why.
    pub left_out: Vec<(String, String)>,
    #[serde(flatten)]
    pub scores: Option<BodyTakeScores>,
    /// Each of these cameras alone, in the geometry that they found together.
    pub alone: Option<AloneScores>,
    /// Why there are no bodies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}
