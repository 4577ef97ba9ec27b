//! How far a pose model's poses are from labels, beside what it has to beat.
//!
//! Whatever is held out here comes from the take that was trained on: between two training instants, so that it is
//! interpolation, and says nothing about other people, motions or rooms.

mod baselines;
mod scores;

use frame_sync::pairs::HoldOut;
use pose::Pose3d;
use serde::Serialize;
use subject::Sample;

use crate::LearnError;
use crate::data::{LabelledSample, LabelledTake};
use baselines::TakeBaselines;
pub use scores::{TakeScores, ViewScores};

/// Pictures predicted at a time.
const CHUNK: usize = 64;

/// A pose model and its baselines on both sides of the hold-out.
#[derive(Clone, Debug, Serialize)]
pub struct TakeEvaluation {
    /// On instants that were trained on.
    pub trained: TakeComparison,
    /// On instants held out by source position; absent where none was.
    pub held_out: Option<TakeComparison>,
}

/// The same pictures, predicted three times. Both baselines are fitted on the training instants alone.
#[derive(Clone, Debug, Serialize)]
pub struct TakeComparison {
    pub model: TakeScores,
    /// The mean pose of the view.
    pub mean_pose: TakeScores,
    /// Ridge regression on 16×16 pixels.
    pub ridge: TakeScores,
}

/// Measures `predict`, which turns samples into poses in the same order.
///
/// # Errors
/// A side to train on without pictures, predictions that are not finite, whatever `predict` reports.
pub fn evaluate_take<E>(
    take: &LabelledTake,
    hold_out: &HoldOut,
    mut predict: impl FnMut(&[&Sample]) -> Result<Vec<Pose3d>, E>,
) -> Result<TakeEvaluation, LearnError>
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (trained, held_out) = take.split(hold_out);
    if trained.is_empty() {
        return Err(LearnError::TooFew("no labelled picture is on the training side of the hold-out".to_owned()));
    }
    let baselines = TakeBaselines::fit(&trained)?;
    let mut compare = |samples: &[&LabelledSample]| -> Result<TakeComparison, LearnError> {
        let mut poses = Vec::with_capacity(samples.len());
        for chunk in samples.chunks(CHUNK) {
            let pictures: Vec<&Sample> = chunk.iter().map(|labelled| &labelled.sample).collect();
            poses.extend(predict(&pictures).map_err(|e| LearnError::Predict(e.into()))?);
        }
        Ok(TakeComparison {
            model: TakeScores::of(samples, &poses, &take.cameras)?,
            mean_pose: TakeScores::of(samples, &baselines.mean_poses(samples), &take.cameras)?,
            ridge: TakeScores::of(samples, &baselines.ridge(samples)?, &take.cameras)?,
        })
    };
    let held_out = if held_out.is_empty() { None } else { Some(compare(&held_out)?) };
    Ok(TakeEvaluation { trained: compare(&trained)?, held_out })
}
