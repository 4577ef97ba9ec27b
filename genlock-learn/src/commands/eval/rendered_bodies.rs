//! `genlock eval --bodies`: errors of bodies against the ground truth of rendered takes, by the number of cameras. The
//! ground truth is only used for scoring.

mod row;
mod score;
mod table;
mod truth;

use std::path::Path;

use body::metrics::{coverage, definition_offsets};
use infer::recording::{Bodies, RecordingError, Watched};
use infer::rig::{FoundGeometry, RigSearchError};

use super::rendered_takes::rows_of_all;
use crate::commands::finder::{DETECTOR_EVERY, FinderArgs};
use row::{CAMERAS, Row};
pub use truth::TakeTruth;

pub use table::table;

/// All takes of a rendered session. `model` is the pose model of `--finder own`.
pub fn rows(session: &Path, finder: &FinderArgs, model: Option<&Path>) -> miette::Result<Vec<Row>> {
    let mut rows = rows_of_all(session, finder, model, DETECTOR_EVERY, TakeTruth::read, |take| {
        let cameras = CAMERAS.into_iter().filter(|&cameras| cameras <= take.watched.names.len());
        cameras.map(|cameras| measured(&take.name, cameras, &take.watched, &take.truth, take.rate_hz)).collect()
    })?;
    tell_within(&mut rows);
    Ok(rows)
}

/// The finder's definition of each joint is estimated from all takes together.
fn tell_within(rows: &mut [Row]) {
    let misses = rows.iter().filter_map(|row| row.scores.as_ref()).flat_map(|scores| &scores.misses);
    let offsets = definition_offsets(misses);
    let percent = |misses: &[_]| coverage(misses, &offsets).map(|share| 100.0 * share);
    for row in rows {
        if let Some(scores) = &mut row.scores {
            scores.within_percent = percent(&scores.misses);
        }
        if let Some(alone) = &mut row.alone {
            alone.within_percent = percent(&alone.misses);
        }
    }
}

fn measured(take: &str, cameras: usize, watched: &Watched, truth: &TakeTruth, rate_hz: f64) -> Row {
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

/// What `genlock infer` finds. The height is stated if somebody stands, as a user would do.
fn bodies(watched: &Watched, height_mm: Option<f64>) -> Result<(FoundGeometry, Bodies), RecordingError> {
    let rig = match watched.find_rig(height_mm, "") {
        Err(RecordingError::Rig(RigSearchError::NobodyStood)) => watched.find_rig(None, "")?,
        found => found?,
    };
    let bodies = watched.bodies(&rig.geometry, false)?.confirmed();
    Ok((rig, bodies))
}
