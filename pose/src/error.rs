use std::path::{Path, PathBuf};

/// What can be wrong with poses, and with the files that hold them.
#[derive(Debug, thiserror::Error)]
pub enum PoseError {
    #[error("there are no poses to compare")]
    NoPoses,
    #[error("{prediction} predicted poses against {truth} true ones; give one prediction per truth, in the same order")]
    LengthMismatch { prediction: usize, truth: usize },
    #[error("{which} pose {pose}, joint {joint} ({name}): a coordinate is not a finite number")]
    NotFinite { which: &'static str, pose: usize, joint: usize, name: &'static str },
    #[error("true pose {pose} has all its joints in one point, which is no pose")]
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

pub(crate) fn read_text(path: &Path) -> Result<String, PoseError> {
    std::fs::read_to_string(path).map_err(|source| PoseError::Io { action: "read", path: path.to_owned(), source })
}

pub(crate) fn write_text(path: &Path, text: &str) -> Result<(), PoseError> {
    std::fs::write(path, text).map_err(|source| PoseError::Io { action: "write", path: path.to_owned(), source })
}

/// Parses JSON and names the key path of what is wrong.
pub(crate) fn parse_json<T: serde::de::DeserializeOwned>(path: &Path, text: &str) -> Result<T, PoseError> {
    serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(text)).map_err(|error| {
        let key = error.path().to_string();
        let problem = error.into_inner();
        PoseError::file(path, if key == "." { problem.to_string() } else { format!("{key}: {problem}") })
    })
}
