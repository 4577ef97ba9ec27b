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
    // The words of the cause are in the message: as a source, it would be told twice.
    #[error("take {take} of {scenario}: {cause}")]
    Cast { scenario: String, take: u64, cause: Box<CastError> },
    #[error("take {take} of {scenario}: {cause}")]
    Rig { scenario: String, take: u64, cause: RigError },
    #[error("take {take} of {scenario}: {cause}")]
    Jpeg { scenario: String, take: u64, cause: JpegError },
}
