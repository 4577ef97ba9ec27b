//! Errors of the transport.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a message could not be sent or received.
#[derive(Debug, Error)]
pub enum TransportError {
    #[error("the peer has disconnected")]
    Closed,
    #[error("cannot decode a message: {0}")]
    Malformed(String),
    #[error("zenoh, {doing}: {message}")]
    Zenoh { doing: &'static str, message: String },
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
    #[error("cannot read or write a file of moments: {0}")]
    Io(std::io::Error),
    /// The receiver is known to be absent. What was sent is lost, and it may come later.
    #[error("nobody receives")]
    Absent,
    /// The receiver, or the way to it, does not take the message.
    #[error("{0}")]
    NotTaken(String),
}

impl TransportError {
    pub(crate) fn file(path: &Path, source: std::io::Error) -> Self {
        Self::File { path: path.to_owned(), source }
    }
}
