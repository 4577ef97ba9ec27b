use std::path::PathBuf;

/// Why no joints could be found.
#[derive(Debug, thiserror::Error)]
pub enum FinderError {
    #[error(
        "{path}: not there; scripts/fetch-finder.sh fetches it (the models lite and heavy only where npm is at hand)"
    )]
    Missing { path: PathBuf },
    #[error(
        "{path}: not the file that is expected here (SHA-256 {got}); remove its folder, and run scripts/fetch-finder.sh"
    )]
    OtherFile { path: PathBuf, got: String },
    #[error("{path}: {error}")]
    Read { path: PathBuf, error: std::io::Error },
    #[error("OpenVINO does not start: {0}")]
    Runtime(String),
    #[error("the network of the finder of joints fails: {0}")]
    Engine(String),
    #[error("a picture of {width}×{height} px cannot have {bytes} bytes, or its place in the frame is not a number")]
    Picture { width: u32, height: u32, bytes: usize },
    #[error("the finder of joints takes crops of {side}×{side} px, not of {width}×{height} px")]
    Size { width: u32, height: u32, side: u32 },
}

impl From<openvino::InferenceError> for FinderError {
    fn from(error: openvino::InferenceError) -> Self {
        Self::Engine(format!("OpenVINO: {error}"))
    }
}
