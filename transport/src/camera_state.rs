//! The state of a camera.

use frame::Problem;
use serde::{Deserialize, Serialize};

/// The state of a camera, as its host last knew it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CameraState {
    /// It has not been opened yet.
    #[default]
    Opening,
    /// It is open, and delivers or waits for pulses.
    Streaming,
    /// It failed and is being retried.
    Failed(Problem),
    /// Its source has ended for good.
    Ended,
}

impl CameraState {
    /// What is wrong with it, if anything is.
    pub fn problem(&self) -> Option<&Problem> {
        if let Self::Failed(problem) = self { Some(problem) } else { None }
    }

    /// The state in one word: `opening`, `streaming`, `failed` or `ended`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Streaming => "streaming",
            Self::Failed(_) => "failed",
            Self::Ended => "ended",
        }
    }
}
