//! What a checkpoint carries beside tensors, and whether a run may go on from it.

use std::path::Path;

use model::CheckpointMeta;
use serde::{Deserialize, Serialize};

use crate::{PretrainError, Recipe};

/// How far a run is, over all its processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Progress {
    pub steps: u64,
    pub loss_first: Option<f64>,
}

impl Progress {
    pub fn to_json(self) -> serde_json::Value {
        serde_json::json!({ "steps": self.steps, "loss-first": self.loss_first })
    }
}

/// Progress and preprocessing of a checkpoint, if a run with this recipe can go on from it. Shapes have been checked.
pub(crate) fn resumable(path: &Path, meta: &CheckpointMeta, recipe: &Recipe) -> Result<(Progress, u64), PretrainError> {
    let wrong = |problem: String| PretrainError::Checkpoint { path: path.to_owned(), problem };
    if meta.net.fusion != recipe.fusion {
        return Err(wrong(format!(
            "it was trained with fusion {:?}, the recipe has {:?}: change the recipe or start in another folder",
            meta.net.fusion, recipe.fusion
        )));
    }
    let preprocessing = u64::from_str_radix(&meta.preprocessing_hash, 16)
        .map_err(|_| wrong(format!("`{}` is no hash of a preprocessing", meta.preprocessing_hash)))?;
    let progress = serde_json::from_value(meta.state.clone())
        .map_err(|e| wrong(format!("it does not say how far its training was: {e}")))?;
    Ok((progress, preprocessing))
}
