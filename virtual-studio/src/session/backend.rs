//! Records the backend of a session, which all its takes share.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::RenderError;
use crate::render::Backend;

/// File in the session's folder. Sessions without it were rendered on the processor.
const FILE: &str = "rendered.toml";

#[derive(Serialize, Deserialize)]
struct Made {
    backend: String,
}

/// Records the backend of a session, or checks that it is the one of the existing takes.
pub(super) fn keep(out: &Path, takes: &Path, backend: &Backend) -> Result<(), RenderError> {
    let (path, asked) = (out.join(FILE), backend.name());
    let known = match fs::read_to_string(&path) {
        Ok(text) => {
            let invalid = |e| RenderError::io("read", &path, std::io::Error::new(ErrorKind::InvalidData, e));
            Some(toml::from_str::<Made>(&text).map_err(invalid)?.backend)
        }
        Err(e) if e.kind() == ErrorKind::NotFound => {
            let mut takes = fs::read_dir(takes).map_err(|e| RenderError::io("list", takes, e))?;
            takes.next().map(|_| Backend::Cpu.name().to_owned())
        }
        Err(e) => return Err(RenderError::io("read", &path, e)),
    };
    match known {
        Some(known) if known == asked => Ok(()),
        Some(known) => Err(RenderError::OtherBackend { path: out.to_owned(), known, asked }),
        None => fs::write(&path, format!("backend = {asked:?}\n")).map_err(|e| RenderError::io("write", &path, e)),
    }
}
