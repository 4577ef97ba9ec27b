//! The error of everything in this crate.

use std::path::{Path, PathBuf};

/// What can be wrong with poses, and with the files that hold them.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum PoseError {
    #[error("there are no poses to compare")]
    NoPoses,
    #[error("{prediction} predicted poses against {truth} true ones; give one prediction per truth, in the same order")]
    LengthMismatch { prediction: usize, truth: usize },
    #[error("{which} pose {pose}, joint {joint} ({name}): a coordinate is not a finite number")]
    NotFinite { which: &'static str, pose: usize, joint: usize, name: &'static str },
    #[error("true pose {pose} has all its joints in one point, which is not a pose")]
    CollapsedTruth { pose: usize },
    #[error("joint {joint} does not exist; joints are numbered 0 to 16")]
    NoSuchJoint { joint: usize },
    #[error("cannot {action} {}", path.display())]
    Io { action: &'static str, path: PathBuf, source: std::io::Error },
    #[error("{}: {problem}", path.display())]
    File { path: PathBuf, problem: String },
    #[error("cannot fit: {0}")]
    Fit(String),
}

impl PoseError {
    pub(crate) fn file(path: &Path, problem: impl Into<String>) -> Self {
        Self::File { path: path.to_owned(), problem: problem.into() }
    }

    pub(crate) fn not_finite(which: &'static str, pose: usize, joint: usize) -> Self {
        Self::NotFinite { which, pose, joint, name: crate::JOINT_NAMES[joint] }
    }
}
