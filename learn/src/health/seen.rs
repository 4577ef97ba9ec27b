//! What one camera saw, and the scores of two of them.

use std::ops::Range;

use frame_sync::health::PairScores;
use tch::Tensor;

use super::Witness;
use crate::LearnError;

/// Time over which motion is measured, in seconds.
pub(super) const MOTION_S: f64 = 0.17;

/// What one camera saw of consecutive instants.
pub(super) struct Seen {
    /// The instants that it has pictures of, of `all`.
    pub instants: Vec<usize>,
    pub all: usize,
    /// `[N, D]`, of these pictures.
    pub features: Tensor,
    /// Of each of these pictures.
    pub motion: Vec<f32>,
}

impl Seen {
    /// The motion by instant; 0 where there is no picture.
    pub fn motions(&self) -> Vec<f32> {
        let mut motions = vec![0.0; self.all];
        self.instants.iter().zip(&self.motion).for_each(|(&at, &motion)| motions[at] = motion);
        motions
    }

    fn mean_motion(&self, instants: Range<usize>) -> f64 {
        let length = instants.len().max(1) as f64;
        f64::from(self.motions()[instants].iter().sum::<f32>()) / length
    }
}

/// `[instant][shift + reach]`: the score of the first camera's picture of the instant with the second one's `shift` frames
/// later; `None` if one of them is missing.
pub(super) fn band(
    witness: &Witness,
    [first, second]: [&Seen; 2],
    reach: usize,
) -> Result<Vec<Vec<Option<f32>>>, LearnError> {
    let scores = witness.scores(&first.features, &second.features)?;
    let mut place = vec![None; second.all];
    second.instants.iter().enumerate().for_each(|(at, &instant)| place[instant] = Some(at));
    let mut band = vec![vec![None; 2 * reach + 1]; first.all];
    for (row, &instant) in first.instants.iter().enumerate() {
        for (shift, to) in band[instant].iter_mut().enumerate() {
            let other = (instant + shift).checked_sub(reach).and_then(|other| *place.get(other)?);
            *to = other.map(|column: usize| scores[row * second.instants.len() + column]);
        }
    }
    Ok(band)
}

/// The mean scores of two cameras over these instants.
pub(super) fn pair_scores(
    witness: &Witness,
    cameras: [usize; 2],
    seen: [&Seen; 2],
    instants: Range<usize>,
    reach: usize,
) -> Result<Option<PairScores>, LearnError> {
    let band = band(witness, seen, reach)?;
    let motion = seen[0].mean_motion(instants.clone()).min(seen[1].mean_motion(instants.clone()));
    let length = instants.len();
    let scores = mean_of_rows(instants.map(|at| band.get(at).map(Vec::as_slice)), length);
    Ok(scores.map(|scores| PairScores { cameras, scores, motion }))
}

/// The mean of those rows of which all scores are known, if these are at least half of `all`. So the mean at each shift is
/// over the same instants.
pub(super) fn mean_of_rows<'a>(rows: impl Iterator<Item = Option<&'a [Option<f32>]>>, all: usize) -> Option<Vec<f64>> {
    let mut sums: Vec<f64> = Vec::new();
    let mut count = 0;
    for row in rows.flatten() {
        let Some(row) = row.iter().copied().collect::<Option<Vec<f32>>>() else { continue };
        sums.resize(row.len(), 0.0);
        sums.iter_mut().zip(row).for_each(|(sum, score)| *sum += f64::from(score));
        count += 1;
    }
    (count > 0 && 2 * count >= all).then(|| sums.into_iter().map(|sum| sum / count as f64).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mean_is_over_the_same_instants() {
        let whole = [Some(1.0), Some(2.0), Some(3.0)];
        let other = [Some(3.0), Some(2.0), Some(1.0)];
        let holed = [Some(100.0), None, Some(100.0)];
        let rows = [Some(whole.as_slice()), Some(holed.as_slice()), Some(other.as_slice()), None];
        assert_eq!(mean_of_rows(rows.into_iter(), 4), Some(vec![2.0, 2.0, 2.0]));
        assert_eq!(mean_of_rows(rows.into_iter(), 5), None, "fewer than half");
        assert_eq!(mean_of_rows([None].into_iter(), 0), None);
    }
}
