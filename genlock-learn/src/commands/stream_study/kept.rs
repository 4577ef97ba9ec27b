//! What a run leaves: how far it is, and what was measured.

use std::path::Path;

use learn::eval::sync_report::GapPoint;
use miette::{IntoDiagnostic, WrapErr, bail};
use serde::{Deserialize, Serialize};

/// A run so far.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Progress {
    /// The recipe that it follows, with what it is measured on.
    pub identity: String,
    /// Moments of the stream that have passed.
    pub moments: usize,
    /// Steps of the learner then, by which its checkpoint is known.
    pub steps: u64,
    /// Pictures that steps encoded.
    pub pictures: u64,
    /// Seconds of processor time for learning, measurements not counted.
    pub learned_s: f64,
    pub points: Vec<Point>,
    pub done: bool,
}

/// What was measured after so many moments.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Point {
    pub moments: usize,
    /// Index of the session.
    pub session: usize,
    pub steps: u64,
    pub pictures: u64,
    pub learned_s: f64,
    pub buffer_bytes: u64,
    pub moments_held: u64,
    pub anchors_held: u64,
    pub moments_still: u64,
    /// Accuracy by gap on the frozen set, of the copy that others get.
    pub held_out: Vec<GapPoint>,
    /// At the end of a session, on what was held back of each: of the copy that others get.
    pub retained: Vec<Vec<GapPoint>>,
    /// At the end of a session: accuracy on the frozen set of the network as it is trained.
    pub trained: Vec<GapPoint>,
}

/// Reads a run's progress; `None` where it has not begun.
///
/// # Errors
/// A file that cannot be read, or of another recipe.
pub fn read(path: &Path, identity: Option<&str>) -> miette::Result<Option<Progress>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).into_diagnostic().wrap_err_with(|| format!("reading {}", path.display())),
    };
    let kept: Progress =
        serde_json::from_str(&text).into_diagnostic().wrap_err_with(|| format!("reading {}", path.display()))?;
    if let Some(mine) = identity.filter(|mine| **mine != kept.identity) {
        let other = mine.lines().zip(kept.identity.lines()).find(|(mine, theirs)| mine != theirs);
        let (mine, theirs) = other.unwrap_or(("another stream", "another stream"));
        bail!("{} is of a run with `{theirs}`, the recipe has `{mine}`: name another folder", path.display());
    }
    Ok(Some(kept))
}

/// Writes a run's progress, whole or not at all.
pub fn write(path: &Path, progress: &Progress) -> miette::Result<()> {
    let failed = || format!("writing {}", path.display());
    let text = serde_json::to_string_pretty(progress).into_diagnostic()?;
    let partial = path.with_extension("partial");
    std::fs::write(&partial, text).into_diagnostic().wrap_err_with(failed)?;
    std::fs::rename(&partial, path).into_diagnostic().wrap_err_with(failed)
}
