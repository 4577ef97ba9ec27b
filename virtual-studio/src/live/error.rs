use std::path::PathBuf;

use thiserror::Error;

use crate::cast::CastError;
use crate::rig::RigError;
use crate::scene::{JpegError, ScenarioError};

/// Why a studio shows nothing.
#[derive(Debug, Error)]
pub enum LiveError {
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    #[error(
        "{}: there are {cameras} cameras for its {views} views; remove cameras, or give the scenario more views",
        path.display()
    )]
    Cameras { path: PathBuf, cameras: usize, views: usize },
    #[error("take {take} of {scenario}: {source}")]
    Cast { scenario: String, take: u64, source: Box<CastError> },
    #[error("take {take} of {scenario}: {source}")]
    Rig { scenario: String, take: u64, source: RigError },
    #[error("take {take} of {scenario}: {source}")]
    Jpeg { scenario: String, take: u64, source: JpegError },
}
