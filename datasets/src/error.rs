//! The error of everything in this crate.

use std::fmt;
use std::path::{Path, PathBuf};

use take::TakeError;

/// An error from outside this crate, such as of the video decoder.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;

/// What can be wrong with a data set, or with the session that it is imported into.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    #[error("cannot {action} {}", path.display())]
    Io { action: &'static str, path: PathBuf, source: std::io::Error },
    #[error("{}: {problem}", path.display())]
    File { path: PathBuf, problem: String },
    #[error("{}: {problem}", directory.display())]
    Layout { directory: PathBuf, problem: String },
    #[error("{} missing under {}: {}; {remedy}", count(paths.len()), directory.display(), Shortened(paths))]
    Missing { directory: PathBuf, paths: Vec<PathBuf>, remedy: String },
    #[error("{0}")]
    Selection(String),
    #[error("take {take}: the pictures of {}", video.display())]
    Pictures { take: String, video: PathBuf, source: Fault },
    #[error(
        "take {take}: {} ends after {pictures} pictures, and there are poses for {poses}; get that file again, leave the \
         take out, or choose other cameras if there are any",
        video.display()
    )]
    ShortVideo { take: String, video: PathBuf, pictures: u32, poses: u32 },
    #[error("{}: {problem}", directory.display())]
    Session { directory: PathBuf, problem: String },
    #[error(transparent)]
    Take(#[from] TakeError),
    #[error(transparent)]
    Labels(#[from] pose::PoseError),
}

impl DatasetError {
    pub(crate) fn io(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    pub(crate) fn file(path: &Path, problem: impl Into<String>) -> Self {
        Self::File { path: path.to_owned(), problem: problem.into() }
    }

    pub(crate) fn session(directory: &Path, problem: impl Into<String>) -> Self {
        Self::Session { directory: directory.to_owned(), problem: problem.into() }
    }

    /// Whether the error is in the files of one take, so that others may still be imported.
    pub fn is_of_one_take(&self) -> bool {
        matches!(self, Self::File { .. } | Self::Pictures { .. } | Self::ShortVideo { .. })
    }
}

fn count(files: usize) -> String {
    if files == 1 { "1 file or folder is".into() } else { format!("{files} files or folders are") }
}

/// The first few of many paths.
struct Shortened<'a>(&'a [PathBuf]);

impl fmt::Display for Shortened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 8;
        for (i, path) in self.0.iter().take(SHOWN).enumerate() {
            write!(f, "{}{}", if i == 0 { "" } else { ", " }, path.display())?;
        }
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}
