//! `genlock eval --bodies`: how far bodies are from the truth of rendered takes, by the number of cameras. The truth
//! scores, and does nothing else.

mod motion;
mod score;
mod table;
mod truth;
mod within;

use std::path::Path;

use infer::recording::{Bodies, RecordingError, Watched};
use infer::rig::{Rig, RigError};
use miette::{IntoDiagnostic, WrapErr};
use serde::Serialize;
use take::{Session, TakeReader};

use crate::commands::finder::{DETECTOR_EVERY, FinderArgs};
use score::TakeScores;
use truth::TakeTruth;

pub use table::table;

/// How many of a take's cameras are tried, always the first ones.
const CAMERAS: [usize; 5] = [2, 3, 4, 6, 8];

/// One take, seen by its first few cameras.
#[derive(Serialize)]
pub struct Row {
    pub take: String,
    pub cameras: usize,
    /// Cameras that have no part in the geometry, and why.
    pub left_out: Vec<(String, String)>,
    #[serde(flatten)]
    pub scores: Option<TakeScores>,
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
    for scores in rows.iter_mut().filter_map(|row| row.scores.as_mut()) {
        scores.within_percent = within::share(&scores.misses, &offsets).map(|share| 100.0 * share);
    }
}

fn row(take: &str, cameras: usize, watched: &Watched, truth: &TakeTruth, rate_hz: f64) -> Row {
    let part = watched.only(&(0..cameras).collect::<Vec<_>>());
    let take = take.to_owned();
    match bodies(&part, truth.height_mm) {
        Ok((rig, bodies)) => {
            let scores = score::score(&part, &rig.geometry, &bodies, truth, rate_hz);
            let refused = scores.is_none().then(|| "no instant has a body".to_owned());
            Row { take, cameras, left_out: rig.left_out, scores, refused }
        }
        Err(error) => Row { take, cameras, left_out: Vec::new(), scores: None, refused: Some(error.to_string()) },
    }
}

/// What `genlock infer` finds. The height is stated where somebody stands, as whoever is asked for it would do.
fn bodies(watched: &Watched, height_mm: Option<f64>) -> Result<(Rig, Bodies), RecordingError> {
    let rig = match watched.find_rig(height_mm, "") {
        Err(RecordingError::Rig(RigError::NobodyStood)) => watched.find_rig(None, "")?,
        found => found?,
    };
    let bodies = watched.bodies(&rig.geometry, false)?;
    Ok((rig, bodies))
}
