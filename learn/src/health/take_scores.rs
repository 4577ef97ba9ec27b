//! The scores of a rendered take at shifts of a few frames.

use std::ops::Range;

use frame_sync::health::PairScores;
use model::ModelError;
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use super::Witness;
use super::seen::{MOTION_S, Seen, band, mean_of_rows};
use crate::LearnError;
use crate::data::rendered::{Dataset, DatasetTake};
use crate::error::during;

/// The scores of all pairs of cameras of a take.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TakeScores {
    pub take: String,
    pub rate_hz: f64,
    pub cameras: usize,
    /// Number of instants.
    pub instants: usize,
    /// Shifts go from −`reach` to `reach` frames.
    pub reach: usize,
    pairs: Vec<PairBand>,
    /// `[camera][instant]`: the share of the subject's outline that changes within a sixth of a second, 0 to 1.
    motion: Vec<Vec<f32>>,
}

/// The scores of a pair of cameras.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct PairBand {
    cameras: [usize; 2],
    /// `[instant][shift + reach]`: the logit of "same instant" of the first camera's picture at the instant and the
    /// second one's `shift` frames later; `None` if one of them is missing.
    scores: Vec<Vec<Option<f32>>>,
}

impl TakeScores {
    /// Scores a take, given by its index in the dataset.
    ///
    /// # Errors
    /// If its pictures have no rate, or the device fails.
    pub fn of(witness: &Witness, dataset: &Dataset, take: usize, reach: usize) -> Result<Self, LearnError> {
        let of = &dataset.takes()[take];
        let (rate_hz, all) = (rate_hz(of)?, of.rows.len());
        let cameras = of.rows.iter().map(Vec::len).max().unwrap_or(0);
        let mut seen = Vec::with_capacity(cameras);
        for camera in 0..cameras {
            let (instants, rows): (Vec<usize>, Vec<u32>) =
                of.rows.iter().enumerate().filter_map(|(at, rows)| Some((at, rows[camera]?))).unzip();
            if rows.is_empty() {
                return Err(LearnError::TooFew(format!("camera {camera} of {} has no picture", of.about.name)));
            }
            let features = witness.features_of(dataset, &rows)?;
            let motion = motion(dataset, &rows, (MOTION_S * rate_hz).round().max(1.0) as usize)
                .map_err(during("measuring motion"))?;
            seen.push(Seen { instants, all, features, motion });
        }
        let mut pairs = Vec::new();
        for first in 0..cameras {
            for second in first + 1..cameras {
                let scores = band(witness, [&seen[first], &seen[second]], reach)?;
                pairs.push(PairBand { cameras: [first, second], scores });
            }
        }
        let motion = seen.iter().map(Seen::motions).collect();
        Ok(Self { take: of.about.name.clone(), rate_hz, cameras, instants: all, reach, pairs, motion })
    }

    /// The mean scores over these instants at shifts of up to `reach`, if each camera's pictures were `late` by so many
    /// frames: if it showed at an instant what it truly shows so many frames later.
    pub fn stretch(&self, instants: Range<usize>, reach: usize, late: impl Fn(usize) -> i64) -> Vec<PairScores> {
        let pair = |band: &PairBand| {
            let [a, b] = band.cameras;
            let first = usize::try_from(self.reach as i64 - reach as i64 + late(b) - late(a)).ok()?;
            let row = |at: usize| {
                let row = band.scores.get(usize::try_from(at as i64 + late(a)).ok()?)?;
                row.get(first..first + 2 * reach + 1)
            };
            let scores = mean_of_rows(instants.clone().map(row), instants.len())?;
            let motion = |camera: usize| {
                let moving = self.motion[camera].get(instants.clone()).unwrap_or_default();
                f64::from(moving.iter().sum::<f32>()) / moving.len().max(1) as f64
            };
            Some(PairScores { cameras: [a, b], scores, motion: motion(a).min(motion(b)) })
        };
        self.pairs.iter().filter_map(pair).collect()
    }
}

fn rate_hz(take: &DatasetTake) -> Result<f64, LearnError> {
    let mut gaps: Vec<i64> =
        take.instants.windows(2).map(|two| two[1].exposure_ns - two[0].exposure_ns).filter(|gap| *gap > 0).collect();
    gaps.sort_unstable();
    let middle = gaps.get(gaps.len() / 2);
    middle.map(|&gap| 1e9 / gap as f64).ok_or_else(|| {
        LearnError::TooFew(format!("{} has fewer than two instants, so its rate is unknown", take.about.name))
    })
}

/// For each row the share of the mask that is another `lag` rows later; the last rows have that of the last known.
fn motion(dataset: &Dataset, rows: &[u32], lag: usize) -> Result<Vec<f32>, ModelError> {
    let masks = dataset.batch(rows)?.pixels.f_select(1, 3)?.f_gt(127.0)?.f_flatten(1, 2)?;
    let count = rows.len().saturating_sub(lag) as i64;
    if count == 0 {
        return Ok(vec![0.0; rows.len()]);
    }
    let (now, later) = (masks.f_narrow(0, 0, count)?, masks.f_narrow(0, lag as i64, count)?);
    let sum = |of: Tensor| of.f_sum_dim_intlist([1i64].as_slice(), false, Kind::Float);
    let changed = sum(now.f_logical_xor(&later)?)?;
    let either = sum(now.f_logical_or(&later)?)?.f_clamp_min(1.0)?;
    let mut motion: Vec<f32> = Vec::try_from(changed.f_div(&either)?.f_to_device(Device::Cpu)?)?;
    motion.resize(rows.len(), motion.last().copied().unwrap_or(0.0));
    Ok(motion)
}
