//! Reading and writing text files, with errors that name the path.

use std::path::Path;

use crate::PoseError;

pub(crate) fn read_text(path: &Path) -> Result<String, PoseError> {
    std::fs::read_to_string(path).map_err(|source| PoseError::Io { action: "read", path: path.to_owned(), source })
}

pub(crate) fn write_text(path: &Path, text: &str) -> Result<(), PoseError> {
    std::fs::write(path, text).map_err(|source| PoseError::Io { action: "write", path: path.to_owned(), source })
}

/// Parses JSON; the error names the key path of the problem.
pub(crate) fn parse_json<T: serde::de::DeserializeOwned>(path: &Path, text: &str) -> Result<T, PoseError> {
    serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(text)).map_err(|error| {
        let key = error.path().to_string();
        let problem = error.into_inner();
        PoseError::file(path, if key == "." { problem.to_string() } else { format!("{key}: {problem}") })
    })
}
