//! What a checkpoint carries beside tensors, and whether a run may go on from it.

use std::path::Path;

use model::CheckpointMeta;
use recipe::PretrainRecipe;
use serde::{Deserialize, Serialize};

use crate::PretrainError;
use crate::error::during;

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

/// Whether a run with this recipe can go on from a checkpoint, by what that says of itself.
///
/// # Errors
/// A file that is damaged or of another recipe, with the remedy.
pub fn check_checkpoint(recipe: &PretrainRecipe, path: &Path) -> Result<(), PretrainError> {
    let meta = model::checkpoint::meta(path).map_err(during("reading a checkpoint"))?;
    resumable(path, &meta, recipe).map(drop)
}

/// Progress and preprocessing of a checkpoint, if a run with this recipe can go on from it. Shapes have been checked.
pub(crate) fn resumable(
    path: &Path,
    meta: &CheckpointMeta,
    recipe: &PretrainRecipe,
) -> Result<(Progress, u64), PretrainError> {
    let wrong = |problem: String| PretrainError::Checkpoint { path: path.to_owned(), problem };
    let same = |key: &str, trained: String, asked: String| match trained == asked {
        true => Ok(()),
        false => Err(wrong(format!(
            "it was trained with {key} {trained}, the recipe has {asked}: change the recipe or start in another folder"
        ))),
    };
    same("fusion", format!("{:?}", meta.net.fusion), format!("{:?}", recipe.fusion))?;
    same("width", meta.net.width.to_string(), recipe.width.to_string())?;
    // A recipe of another version may have other keys, but always this one.
    let trained_crop = meta.recipe.parse::<toml::Table>().ok().and_then(|table| table.get("crop-px")?.as_integer());
    if let Some(crop_px) = trained_crop {
        same("crop-px", crop_px.to_string(), recipe.crop_px.to_string())?;
    }
    let preprocessing = u64::from_str_radix(&meta.preprocessing_hash, 16)
        .map_err(|_| wrong(format!("`{}` is no hash of a preprocessing", meta.preprocessing_hash)))?;
    let progress = serde_json::from_value(meta.state.clone())
        .map_err(|e| wrong(format!("it does not say how far its training was: {e}")))?;
    Ok((progress, preprocessing))
}
