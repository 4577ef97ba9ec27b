//! Pose errors on one take, compared with baselines.
//!
//! The held-out instants are from the take that was trained on, between training instants. The result measures
//! interpolation, not generalisation to other people, motions or rooms.

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
    /// On training instants.
    pub trained: TakeComparison,
    /// On instants held out by source position; `None` if there are none.
    pub held_out: Option<TakeComparison>,
}

/// Errors of the model and of both baselines on the same pictures. The baselines are fitted on training instants only.
#[derive(Clone, Debug, Serialize)]
pub struct TakeComparison {
    pub model: TakeScores,
    /// The mean pose of the view.
    pub mean_pose: TakeScores,
    /// Ridge regression on 16×16 pixels.
    pub ridge: TakeScores,
}

/// Evaluates `predict`, which maps samples to root-relative poses in mm, in the same order.
///
/// # Errors
/// If there are no training pictures, a prediction is not finite, or `predict` fails.
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
