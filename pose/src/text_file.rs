//! Reading and writing text files, with errors that name the path.

use std::path::Path;

use crate::PoseError;

/// The file's text, without the byte-order mark that editors put before it.
pub(crate) fn read_text(path: &Path) -> Result<String, PoseError> {
    let read = std::fs::read(path);
    let bytes = read.map_err(|source| PoseError::Io { action: "read", path: path.to_owned(), source })?;
    text_of(&bytes).map_err(|problem| PoseError::file(path, problem))
}

/// Text in UTF-8, or in UTF-16 where a byte-order mark says so, without that mark.
pub(crate) fn text_of(bytes: &[u8]) -> Result<String, String> {
    let units = |of: fn([u8; 2]) -> u16| bytes[2..].chunks_exact(2).map(move |two| of([two[0], two[1]])).collect();
    let utf_16: Vec<u16> = match bytes {
        [0xff, 0xfe, ..] => units(u16::from_le_bytes),
        [0xfe, 0xff, ..] => units(u16::from_be_bytes),
        _ => {
            let text = std::str::from_utf8(bytes).map_err(|_| "this is no text in UTF-8 or UTF-16".to_owned())?;
            return Ok(text.strip_prefix('\u{feff}').unwrap_or(text).to_owned());
        }
    };
    String::from_utf16(&utf_16).map_err(|_| "this is no text in UTF-8 or UTF-16".to_owned())
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
