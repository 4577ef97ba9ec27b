//! What a camera is doing.

use frame::Problem;
use serde::{Deserialize, Serialize};

/// What a camera is doing, as its host last knew.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CameraState {
    /// It has not been opened yet.
    #[default]
    Opening,
    /// It is open, and delivers or waits for pulses.
    Streaming,
    /// It failed and is tried again.
    Failed(Problem),
    /// Its source is over and will not come back.
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
