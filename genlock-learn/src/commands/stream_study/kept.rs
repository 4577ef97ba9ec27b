//! What a run leaves: how far it is, and what was measured.

use std::path::Path;

use learn::eval::sync_report::GapPoint;
use miette::bail;
use serde::{Deserialize, Serialize};

use crate::commands::results;

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
    let Some(kept) = results::read::<Progress>(path)? else { return Ok(None) };
    if let Some(mine) = identity.filter(|mine| **mine != kept.identity) {
        let (mine, theirs) = results::first_difference(mine, &kept.identity, "another stream");
        bail!("{} is of a run with `{theirs}`, the recipe has `{mine}`: name another folder", path.display());
    }
    Ok(Some(kept))
}
