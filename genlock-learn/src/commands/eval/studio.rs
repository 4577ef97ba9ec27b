//! `genlock eval --bodies`: how far bodies are from the truth of rendered takes, by the number of cameras. The truth
//! scores, and does nothing else.

mod motion;
mod score;
mod table;
mod truth;
mod within;

use std::path::Path;

use infer::recording::{Bodies, RecordingError, Watched};
use infer::rig::{FoundGeometry, RigSearchError};
use miette::{IntoDiagnostic, WrapErr};
use serde::Serialize;
use take::{Session, TakeReader};

use crate::commands::finder::{DETECTOR_EVERY, FinderArgs};
use score::{AloneScores, TakeScores};
use truth::TakeTruth;

pub use table::table;

/// How many of a take's cameras are tried, always the first ones.
const CAMERAS: [usize; 5] = [2, 3, 4, 6, 8];

/// One take, seen by its first few cameras.
#[derive(Clone, Serialize)]
pub struct Row {
    pub take: String,
    pub cameras: usize,
    /// Cameras that have no part in the geometry, and why.
    pub left_out: Vec<(String, String)>,
    #[serde(flatten)]
    pub scores: Option<TakeScores>,
    /// Each of these cameras alone, in the geometry that they found together.
    pub alone: Option<AloneScores>,
    /// Why there are no bodies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// All takes of a session that was rendered. `model` is the pose model of `--finder own`.
pub fn rows(session: &Path, finder: &FinderArgs, model: Option<&Path>) -> miette::Result<Vec<Row>> {
    let listed = Session::read(session).into_diagnostic()?;
    let mut rows = Vec::new();
    for take in &listed.takes {
        let folder = Session::take_directory(session, take);
        let named = || folder.display().to_string();
        let truth = TakeTruth::read(&folder).wrap_err_with(named)?;
        let reader = TakeReader::open(&folder).into_diagnostic().wrap_err_with(named)?;
        let watched = finder.watch(&reader, model, DETECTOR_EVERY).wrap_err_with(named)?;
        let rate_hz = reader.info().trigger_rate_hz;
        let of = CAMERAS.into_iter().filter(|&cameras| cameras <= watched.names.len());
        rows.extend(of.map(|cameras| row(&take.name, cameras, &watched, &truth, rate_hz)));
    }
    tell_within(&mut rows);
    Ok(rows)
}

/// What the finder means by a joint is asked of all takes together.
fn tell_within(rows: &mut [Row]) {
    let misses = rows.iter().filter_map(|row| row.scores.as_ref()).flat_map(|scores| &scores.misses);
    let offsets = within::offsets(misses);
    let percent = |misses: &[_]| within::share(misses, &offsets).map(|share| 100.0 * share);
    for row in rows {
        if let Some(scores) = &mut row.scores {
            scores.within_percent = percent(&scores.misses);
        }
        if let Some(alone) = &mut row.alone {
            alone.within_percent = percent(&alone.misses);
        }
    }
}

fn row(take: &str, cameras: usize, watched: &Watched, truth: &TakeTruth, rate_hz: f64) -> Row {
    let part = watched.only(&(0..cameras).collect::<Vec<_>>());
    let empty = Row { take: take.to_owned(), cameras, left_out: Vec::new(), scores: None, alone: None, refused: None };
    let scored = || -> Result<Row, RecordingError> {
        let (rig, bodies) = bodies(&part, truth.height_mm)?;
        let scores = score::score(&part, &rig.geometry, &bodies, truth, rate_hz);
        let alone = score::alone(&part, &rig.geometry, &bodies, truth)?;
        let refused = scores.is_none().then(|| "no instant has a body".to_owned());
        Ok(Row { left_out: rig.left_out, scores, alone, refused, ..empty.clone() })
    };
    scored().unwrap_or_else(|error| Row { refused: Some(error.to_string()), ..empty })
}

/// What `genlock infer` finds. The height is stated where somebody stands, as whoever is asked for it would do.
fn bodies(watched: &Watched, height_mm: Option<f64>) -> Result<(FoundGeometry, Bodies), RecordingError> {
    let rig = match watched.find_rig(height_mm, "") {
        Err(RecordingError::Rig(RigSearchError::NobodyStood)) => watched.find_rig(None, "")?,
        found => found?,
    };
    let bodies = watched.bodies(&rig.geometry, false)?.confirmed();
    Ok((rig, bodies))
}
