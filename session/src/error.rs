//! Why a session does not start, or did not end well.

use std::io;

use capture::CaptureError;
use frame::Problem;
use take::TakeError;
use thiserror::Error;
use transport::TransportError;

use crate::part::Part;

/// Why a session does not start, or did not end well.
#[derive(Debug, Error)]
pub enum SessionError {
    #[error(transparent)]
    Problem(#[from] Problem),
    #[error("nothing can be recorded: {0}")]
    NotRecorded(#[source] TakeError),
    #[error(transparent)]
    Capture(#[from] CaptureError),
    #[error("cannot start a thread: {0}")]
    Thread(#[from] io::Error),
    #[error(transparent)]
    Take(#[from] TakeError),
    #[error(transparent)]
    Link(#[from] TransportError),
    #[error("the {0} thread panicked")]
    Panicked(Part),
}
