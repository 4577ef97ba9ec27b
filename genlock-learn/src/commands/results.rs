//! Files that a study leaves: figures to go on from, and tables.

use std::path::Path;

use miette::{IntoDiagnostic, WrapErr};
use serde::{Serialize, de::DeserializeOwned};

/// Reads JSON; `None` where there is no file.
///
/// # Errors
/// A file that cannot be read, or that holds something else.
pub fn read<T: DeserializeOwned>(path: &Path) -> miette::Result<Option<T>> {
    let failed = || format!("reading {}", path.display());
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).into_diagnostic().wrap_err_with(failed),
    };
    serde_json::from_str(&text).into_diagnostic().wrap_err_with(failed)
}

/// Writes JSON, whole or not at all.
pub fn write<T: Serialize>(path: &Path, found: &T) -> miette::Result<()> {
    let text = serde_json::to_string_pretty(found).into_diagnostic()?;
    let partial = path.with_extension("partial");
    write_text(&partial, &text)?;
    std::fs::rename(&partial, path).into_diagnostic().wrap_err_with(|| format!("writing {}", path.display()))
}

/// Writes a file that is made anew each time.
pub fn write_text(path: &Path, text: &str) -> miette::Result<()> {
    std::fs::write(path, text).into_diagnostic().wrap_err_with(|| format!("writing {}", path.display()))
}

/// The first line in which two texts differ, of each; `other` where one is only longer.
pub fn first_difference<'a>(mine: &'a str, theirs: &'a str, other: &'a str) -> (&'a str, &'a str) {
    mine.lines().zip(theirs.lines()).find(|(mine, theirs)| mine != theirs).unwrap_or((other, other))
}
