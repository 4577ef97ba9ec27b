//! Checkpoint metadata of both training stages on rendered takes.

use std::path::Path;

use recipe::TrainRecipe;
use serde::{Deserialize, Serialize};

use crate::LearnError;
use crate::data::rendered::{Dataset, Split};
use crate::error::in_json;

/// Batches for recomputing BatchNorm statistics in either stage.
pub(crate) const RECALIBRATION_BATCHES: u64 = 16;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct StageState {
    pub steps: u64,
    /// Steps of the whole stage; 0 in checkpoints of earlier builds.
    #[serde(default)]
    pub total_steps: u64,
    pub recipe: String,
    /// Number of training pictures. Another number means another session, which cannot be resumed.
    pub pictures: usize,
}

impl StageState {
    pub fn new(recipe: &TrainRecipe, dataset: &Dataset, steps: u64, total_steps: u64) -> Result<Self, LearnError> {
        Ok(Self { steps, total_steps, recipe: recipe.identity()?, pictures: to_learn_from(dataset) })
    }

    pub fn to_json(&self) -> Result<serde_json::Value, LearnError> {
        serde_json::to_value(self).map_err(in_json("describing training progress"))
    }

    /// Reads a checkpoint's state. `path` is for error messages.
    pub fn of(path: &Path, state: serde_json::Value) -> Result<Self, LearnError> {
        serde_json::from_value(state).map_err(|error| LearnError::Checkpoint {
            path: path.to_owned(),
            problem: format!("it does not record its progress: {error}"),
        })
    }

    /// Fails if training with this recipe and dataset cannot resume from the checkpoint.
    pub fn check(&self, path: &Path, recipe: &TrainRecipe, dataset: &Dataset) -> Result<(), LearnError> {
        let wrong = |problem: String| Err(LearnError::Checkpoint { path: path.to_owned(), problem });
        let mine = recipe.identity()?;
        if self.recipe != mine {
            let other = mine.lines().zip(self.recipe.lines()).find(|(a, b)| a != b);
            let (mine, theirs) = other.unwrap_or(("another recipe", "another recipe"));
            return wrong(format!(
                "it was trained with `{theirs}`, the recipe has `{mine}`: resume with the same recipe, \
                 or name another folder"
            ));
        }
        let pictures = to_learn_from(dataset);
        if self.pictures != pictures {
            return wrong(format!(
                "it was trained on a session with {} pictures to learn from, this one has {pictures}: \
                 name another folder",
                self.pictures
            ));
        }
        Ok(())
    }
}

fn to_learn_from(dataset: &Dataset) -> usize {
    dataset.rows(Split::Train).len() + dataset.rows(Split::Recorded).len()
}
