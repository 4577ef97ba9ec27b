//! `genlock eval --apart`: whether the offsets of rendered recordings that began at different times are found. The true
//! offsets are known from how the recordings were cut.

use std::path::Path;

use geometry::{Observation, time_offsets};
use infer::recording::Watched;
use serde::Serialize;

use super::rendered_takes::{RenderedTake, rows_of_all};
use crate::commands::finder::{EVERY_PICTURE, FinderArgs};

/// Recordings begin up to so much earlier or later than the first camera's,
const MOST_S: f64 = 10.0;
/// and are looked for so far, as `genlock sync-offset` does.
const LOOKED_FOR_S: f64 = 12.0;

/// Number of cuts of each take; each one shifts one more camera.
const CUTS: usize = 3;

/// Frames to keep: all, or every second one, so that there are also offsets of half frames.
const EVERY: [usize; 2] = [1, 2];

/// One cut of one take.
#[derive(Serialize)]
pub struct Row {
    take: String,
    rate_hz: f64,
    /// For each camera but the first: the true offset and the one found, in frames, and its confidence.
    offsets: Vec<Offset>,
    /// Why none was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
}

#[derive(Serialize)]
struct Offset {
    camera: String,
    made_frames: f64,
    found_frames: f64,
    uncertainty_frames: Option<f64>,
    confidence: f64,
}

impl Offset {
    fn error(&self) -> f64 {
        (self.found_frames - self.made_frames).abs()
    }
}

/// All takes of a rendered session.
pub fn rows(session: &Path, finder: &FinderArgs) -> miette::Result<Vec<Row>> {
    let mut number = 0;
    rows_of_all(
        session,
        finder,
        None,
        EVERY_PICTURE,
        |_| Ok(()),
        |RenderedTake { name, rate_hz, watched, .. }| {
            let row = |every, moved| row(&name, &watched, rate_hz, every, moved + 1, CUTS * number + moved);
            let rows = EVERY.into_iter().flat_map(|every| (0..CUTS).map(move |moved| (every, moved)));
            let rows = rows.map(|(every, moved)| row(every, moved)).collect();
            number += 1;
            rows
        },
    )
}

fn row(take: &str, watched: &Watched, rate_hz: f64, every: usize, moved: usize, draw: usize) -> Row {
    let begins = begins(watched.names.len(), moved, draw, MOST_S * rate_hz);
    let track = |(camera, &begin): (usize, &usize)| -> Vec<Option<Observation>> {
        watched.seen.iter().skip(begin).step_by(every).map(|views| views[camera].clone()).collect()
    };
    let tracks: Vec<_> = begins.iter().enumerate().map(track).collect();
    let rate_hz = rate_hz / every as f64;
    let mut row = Row { take: take.to_owned(), rate_hz, offsets: Vec::new(), refused: None };
    match time_offsets(&watched.sizes_px, &tracks, (LOOKED_FOR_S * rate_hz).ceil() as usize) {
        Ok(found) => {
            let of = |(camera, found): (usize, &geometry::TimeOffset)| Offset {
                camera: watched.names[camera].clone(),
                // Frame n of a recording that begins later shows a later time.
                made_frames: (begins[0] as f64 - begins[camera] as f64) / every as f64,
                found_frames: found.frames,
                uncertainty_frames: found.uncertainty_frames,
                confidence: found.confidence,
            };
            row.offsets = found.iter().enumerate().skip(1).map(of).collect();
        }
        Err(error) => row.refused = Some(error.to_string()),
    }
    row
}

/// The frame at which each camera's recording begins: `moved` of them up to `most` frames before or after the others.
fn begins(cameras: usize, moved: usize, draw: usize, most: f64) -> Vec<usize> {
    // Multiples of the golden ratio are spread evenly for any count.
    let spread = |at: usize| (0.618_033_988_75 * at as f64).fract();
    let shifts: Vec<i64> = (0..cameras)
        .map(|camera| {
            let moves = (1..=moved).any(|step| (draw + step) % (cameras - 1) + 1 == camera);
            if moves { ((2.0 * spread(cameras * draw + camera) - 1.0) * most).round() as i64 } else { 0 }
        })
        .collect();
    let first = shifts.iter().min().copied().unwrap_or(0);
    shifts.iter().map(|shift| (shift - first) as usize).collect()
}

/// Quantiles of all errors by rate, and every row.
pub fn table(rows: &[Row]) -> String {
    let mut text = format!("{:<16} {:>5}  {}\n", "take", "Hz", "made → found, in frames (confidence)");
    for row in rows {
        let of = |offset: &Offset| {
            format!("{:+.1} → {:+.2} ({:.2})", offset.made_frames, offset.found_frames, offset.confidence)
        };
        let said = row.refused.clone().map_or_else(
            || row.offsets.iter().map(of).collect::<Vec<_>>().join("   "),
            |why| format!("refused: {why}"),
        );
        text += &format!("{:<16} {:>5.1}  {said}\n", row.take, row.rate_hz);
    }
    let mut rates: Vec<f64> = rows.iter().map(|row| row.rate_hz).collect();
    rates.sort_by(f64::total_cmp);
    rates.dedup();
    for rate_hz in rates {
        let of_rate: Vec<&Row> = rows.iter().filter(|row| row.rate_hz == rate_hz).collect();
        let mut errors: Vec<f64> = of_rate.iter().flat_map(|row| row.offsets.iter().map(Offset::error)).collect();
        errors.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let rank = (share * errors.len() as f64) as usize;
            errors.get(rank.min(errors.len().saturating_sub(1))).map_or("none".into(), |error| format!("{error:.2}"))
        };
        text += &format!(
            "at {rate_hz:.1} Hz: {} offsets, off by {} frames in the median, {} in nine of ten, {} at most; {} of {} cuts \
             refused\n",
            errors.len(),
            at(0.5),
            at(0.9),
            at(1.0),
            of_rate.iter().filter(|row| row.refused.is_some()).count(),
            of_rate.len()
        );
    }
    text
}
