//! The error of everything in this crate.

use std::path::PathBuf;

use tch::TchError;

/// What can go wrong with networks and their files.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// libtorch refused a call. Only the first line of its message; a C++ backtrace follows.
    #[error("libtorch: {0}")]
    Torch(String),
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    /// The file is not what it should be.
    #[error("{}: {reason}", path.display())]
    Format { path: PathBuf, reason: String },
    /// The file holds a network of another shape.
    #[error(
        "{}: tensor `{name}` has the shape {found:?}, but this network needs {expected:?}; \
         {remedy}", path.display()
    )]
    Shape { path: PathBuf, name: String, found: Vec<i64>, expected: Vec<i64>, remedy: String },
    /// An argument that cannot be used.
    #[error("{0}")]
    Argument(String),
}

impl ModelError {
    pub(crate) fn torch(message: &str) -> Self {
        Self::Torch(message.lines().next().unwrap_or_default().to_owned())
    }

    pub(crate) fn format(path: &std::path::Path, reason: impl std::fmt::Display) -> Self {
        Self::Format { path: path.to_owned(), reason: reason.to_string() }
    }

    pub(crate) fn io(path: &std::path::Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }
}

impl From<TchError> for ModelError {
    fn from(error: TchError) -> Self {
        Self::torch(&error.to_string())
    }
}
