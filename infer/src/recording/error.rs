//! The error of finding bodies in recordings.

use geometry::GeometryError;
use joints::FinderError;
use subject::SubjectError;
use take::TakeError;
use thiserror::Error;

use crate::rig::{PlacingError, RigSearchError};

/// Why no bodies can be found in a take.
#[derive(Debug, Error)]
pub enum RecordingError {
    #[error(transparent)]
    Take(#[from] TakeError),
    #[error("{camera}: {source}")]
    Picture { camera: String, source: Box<SubjectError> },
    #[error(transparent)]
    Finder(#[from] FinderError),
    #[error("cameras with pictures: {0}; geometry needs two")]
    Cameras(usize),
    #[error(transparent)]
    Rig(#[from] RigSearchError),
    #[error("the given geometry cannot be used for the take: {0}")]
    Placing(#[from] PlacingError),
    #[error(transparent)]
    Geometry(#[from] GeometryError),
    #[error(
        "the given geometry does not fit the take: {camera} misses the bodies by {residual_px:.1} px (median), and at \
         most {limit_px:.1} px are allowed"
    )]
    DoesNotFit { camera: String, residual_px: f64, limit_px: f64 },
    #[error(
        "no labels: cameras agree closely enough on none of {bodies} bodies. Their geometry may be off, or nobody moved \
         in view of enough of them"
    )]
    NoLabels { bodies: usize },
}
