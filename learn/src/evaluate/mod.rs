//! How far a pose model's poses are from labels, beside what it has to beat.
//!
//! Whatever is held out here comes from the take that was trained on: between two training instants, so that it is
//! interpolation, and says nothing about other people, motions or rooms.

mod baselines;
mod scores;

use frame_sync::HoldOut;
use pose::Pose3d;
use serde::Serialize;
use subject::Sample;

use crate::finetune::{FinetuneError, LabelledSample, LabelledTake, split};
use baselines::Baselines;
pub use baselines::thumbnail;
pub use scores::{Scores, ViewScores};

/// Pictures predicted at a time.
const CHUNK: usize = 64;

/// A pose model and its baselines on both sides of the hold-out.
#[derive(Clone, Debug, Serialize)]
pub struct PoseEvaluation {
    /// On instants that were trained on.
    pub trained: Comparison,
    /// On instants held out by source position; absent where none was.
    pub held_out: Option<Comparison>,
}

/// The same pictures, predicted three times. Both baselines are fitted on the training instants alone.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    pub model: Scores,
    /// The mean pose of the view.
    pub mean_pose: Scores,
    /// Ridge regression on 16×16 pixels.
    pub ridge: Scores,
}

/// Measures `predict`, which turns samples into poses in the same order.
///
/// # Errors
/// A side to train on without pictures, predictions that are not finite, whatever `predict` reports.
pub fn evaluate<E>(
    take: &LabelledTake,
    hold_out: &HoldOut,
    mut predict: impl FnMut(&[&Sample]) -> Result<Vec<Pose3d>, E>,
) -> Result<PoseEvaluation, FinetuneError>
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (trained, held_out) = split(take, hold_out);
    if trained.is_empty() {
        return Err(FinetuneError::TooFew("no labelled picture is on the training side of the hold-out".to_owned()));
    }
    let baselines = Baselines::fit(&trained)?;
    let mut compare = |samples: &[&LabelledSample]| -> Result<Comparison, FinetuneError> {
        let mut poses = Vec::with_capacity(samples.len());
        for chunk in samples.chunks(CHUNK) {
            let pictures: Vec<&Sample> = chunk.iter().map(|labelled| &labelled.sample).collect();
            poses.extend(predict(&pictures).map_err(|e| FinetuneError::Predict(e.into()))?);
        }
        Ok(Comparison {
            model: Scores::of(samples, &poses, &take.cameras)?,
            mean_pose: Scores::of(samples, &baselines.mean_poses(samples), &take.cameras)?,
            ridge: Scores::of(samples, &baselines.ridge(samples)?, &take.cameras)?,
        })
    };
    let held_out = if held_out.is_empty() { None } else { Some(compare(&held_out)?) };
    Ok(PoseEvaluation { trained: compare(&trained)?, held_out })
}
