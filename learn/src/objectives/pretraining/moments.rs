//! Live moments as the pictures of a pretext task, and what a live learner's checkpoint says.

use std::path::Path;

use model::{CheckpointMeta, SyncNetConfig};
use recipe::PretrainRecipe;
use serde::{Deserialize, Serialize};
use tch::{Device, Tensor};

use super::PictureSource;
use crate::LearnError;
use crate::data::SampleWanted;
use crate::data::moments::Moments;
use crate::data::pictures::pictures;
use crate::error::{during, in_json};
use crate::objectives::pretext::{Draw, PretextTask};
use crate::seeds::{self, Purpose};

pub(crate) struct LiveMoments {
    pub moments: Moments,
    /// Of the first step of all processes.
    pub loss_first: Option<f64>,
}

/// How far a run is, over all its processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Progress {
    steps: u64,
    loss_first: Option<f64>,
}

impl LiveMoments {
    pub fn new(recipe: PretrainRecipe) -> Self {
        Self { moments: Moments::new(recipe), loss_first: None }
    }

    /// The hash of the preprocessing as checkpoints have it.
    pub fn preprocessing_hash(&self) -> String {
        format!("{:016x}", self.moments.preprocessing.unwrap_or_default())
    }
}

impl PictureSource for LiveMoments {
    type Drawn = Draw;

    fn draw(&self, task: &dyn PretextTask, seed: u64) -> Result<Option<Draw>, LearnError> {
        Ok(task.draw(self.moments.trained.metas(), seed))
    }

    fn pairs(drawn: Draw) -> Draw {
        drawn
    }

    fn input(&self, drawn: &Draw, wanted: SampleWanted, _seed: u64, device: Device) -> Result<Tensor, LearnError> {
        pictures(&self.moments.trained, &drawn.images, wanted, self.moments.recipe.crop_px, device)
    }

    fn seed(&self, step: u64, purpose: Purpose) -> u64 {
        seeds::of_learner(self.moments.recipe.seed, step, purpose)
    }

    fn recalibration_batches(&self) -> u64 {
        self.moments.recipe.evaluation.recalibration_batches as u64
    }

    fn meta(&self, net: SyncNetConfig, steps: u64) -> Result<CheckpointMeta, LearnError> {
        let recipe = &self.moments.recipe;
        let mut meta = CheckpointMeta::new(net, recipe.to_toml()?, self.preprocessing_hash(), steps, recipe.seed);
        meta.state = serde_json::to_value(Progress { steps, loss_first: self.loss_first })
            .map_err(in_json("describing how far a training is"))?;
        Ok(meta)
    }

    /// Moments are not part of a checkpoint: a run that goes on first waits for new ones.
    fn resume(&mut self, path: &Path, meta: &CheckpointMeta) -> Result<u64, LearnError> {
        let (progress, preprocessing) = resumable(path, meta, &self.moments.recipe)?;
        self.loss_first = progress.loss_first;
        self.moments.preprocessing = Some(preprocessing);
        Ok(progress.steps)
    }
}

/// Whether a run with this recipe can go on from a checkpoint, by what that says of itself.
///
/// # Errors
/// A file that is damaged or of another recipe, with the remedy.
pub(crate) fn check_checkpoint(recipe: &PretrainRecipe, path: &Path) -> Result<(), LearnError> {
    let meta = model::checkpoint::meta(path).map_err(during("reading a checkpoint"))?;
    resumable(path, &meta, recipe).map(drop)
}

/// Progress and preprocessing of a checkpoint, if a run with this recipe can go on from it.
fn resumable(path: &Path, meta: &CheckpointMeta, recipe: &PretrainRecipe) -> Result<(Progress, u64), LearnError> {
    let wrong = |problem: String| LearnError::Checkpoint { path: path.to_owned(), problem };
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
