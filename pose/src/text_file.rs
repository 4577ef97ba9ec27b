//! Reading and writing text files, with errors that name the path.

use std::path::Path;

use crate::PoseError;

/// The file's text, without the byte-order mark that editors put before it.
pub(crate) fn read_text(path: &Path) -> Result<String, PoseError> {
    let read = std::fs::read_to_string(path);
    let text = read.map_err(|source| PoseError::Io { action: "read", path: path.to_owned(), source })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
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
