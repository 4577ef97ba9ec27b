//! Live moments as the picture source of a pretext task, and the checkpoint metadata of a live learner.

use std::fmt::Debug;
use std::path::Path;

use frame_sync::pairs::InstantMeta;
use model::{CheckpointMeta, SyncNetConfig};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use recipe::PretrainRecipe;
use serde::{Deserialize, Serialize};
use tch::{Device, Tensor};

use super::PictureSource;
use crate::data::SampleWanted;
use crate::data::moments::Moments;
use crate::data::pictures::pictures;
use crate::error::{during, in_json};
use crate::objectives::pretext::{Draw, PretextTask, Seen};
use crate::seeds::{self, Purpose, seed_of};
use crate::{LearnError, NetRecipe};

/// How many places without a pair a step may find beyond those that it needs.
const SPARE_TRIES: usize = 8;

pub(crate) struct LiveMoments {
    pub moments: Moments,
    /// Loss of the first step of the run, including steps before a resume.
    pub loss_first: Option<f64>,
    /// The step whose average of weights others get.
    pub served_at_step: Option<u64>,
}

/// Progress of a run, including steps before a resume.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Progress {
    steps: u64,
    loss_first: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    served_at_step: Option<u64>,
}

impl LiveMoments {
    pub fn new(recipe: PretrainRecipe, sample: usize) -> Self {
        Self { moments: Moments::new(recipe, sample), loss_first: None, served_at_step: None }
    }

    /// The preprocessing hash in the format of checkpoints: 16 hex digits.
    pub fn preprocessing_hash(&self) -> String {
        format!("{:016x}", self.moments.preprocessing.unwrap_or_default())
    }
}

impl PictureSource for LiveMoments {
    type Drawn = Draw;

    fn draw(&self, task: &dyn PretextTask, seed: u64, _step: u64) -> Result<Option<Draw>, LearnError> {
        let (held, places) = (self.moments.trained(), self.moments.recipe.buffer.places);
        if places == 0 {
            return Ok(task.draw(Seen::instants(held.metas()), seed));
        }
        let (_, reach_ns) = self.moments.recipe.gap.bounds_ns();
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut drawn = Vec::with_capacity(places);
        for attempt in 0..places + SPARE_TRIES {
            let Some(chosen) = held.surroundings(reach_ns, &mut rng).filter(|_| drawn.len() < places) else { break };
            let metas: Vec<InstantMeta> = chosen.iter().map(|&place| held.metas()[place]).collect();
            let Some(mut draw) = task.draw(Seen::instants(&metas), seed_of(&[seed, attempt as u64])) else { continue };
            draw.images.iter_mut().for_each(|image| image.instant = chosen[image.instant]);
            drawn.push(draw);
        }
        let share = 1.0 / drawn.len().max(1) as f32;
        let mut all = Draw::default();
        let found = !drawn.is_empty();
        drawn.into_iter().for_each(|draw| all.append(draw, share));
        Ok(found.then_some(all))
    }

    fn pairs(drawn: Draw) -> Draw {
        drawn
    }

    fn input(&self, drawn: &Draw, wanted: SampleWanted, _seed: u64, device: Device) -> Result<Tensor, LearnError> {
        pictures(self.moments.trained(), &drawn.images, wanted, self.moments.recipe.crop_px, device)
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
        let Self { loss_first, served_at_step, .. } = *self;
        meta.state = serde_json::to_value(Progress { steps, loss_first, served_at_step })
            .map_err(in_json("describing training progress"))?;
        Ok(meta)
    }

    /// Moments are in a file of their own; without it a resumed run first waits for new ones.
    fn resume(&mut self, path: &Path, meta: &CheckpointMeta) -> Result<u64, LearnError> {
        let (progress, preprocessing) = resumable(path, meta, &self.moments.recipe)?;
        (self.loss_first, self.served_at_step) = (progress.loss_first, progress.served_at_step);
        self.moments.preprocessing = Some(preprocessing);
        Ok(progress.steps)
    }
}

/// Checks by its metadata whether a run with this recipe can resume from a checkpoint.
///
/// # Errors
/// If it cannot: the file is damaged or from another recipe. The message says what to do.
pub(crate) fn check_checkpoint(recipe: &PretrainRecipe, path: &Path) -> Result<(), LearnError> {
    let meta = model::checkpoint::meta(path).map_err(during("reading a checkpoint"))?;
    resumable(path, &meta, recipe).map(drop)
}

fn same<T: PartialEq + Debug>(key: &str, trained: &T, asked: &T) -> Result<(), String> {
    if trained == asked {
        return Ok(());
    }
    Err(format!(
        "it was trained with {key} {trained:?}, the recipe has {asked:?}: change the recipe or start in another folder"
    ))
}

/// Progress and preprocessing hash of a checkpoint, if a run with this recipe can resume from it.
fn resumable(path: &Path, meta: &CheckpointMeta, recipe: &PretrainRecipe) -> Result<(Progress, u64), LearnError> {
    let wrong = |problem: String| LearnError::Checkpoint { path: path.to_owned(), problem };
    let asked = recipe.net();
    same("fusion", &meta.net.fusion, &asked.fusion).map_err(wrong)?;
    same("width", &meta.net.width, &asked.width).map_err(wrong)?;
    // Recipes of other versions may have other keys, but always this one.
    let trained_crop = meta.recipe.parse::<toml::Table>().ok().and_then(|table| table.get("crop-px")?.as_integer());
    if let Some(crop_px) = trained_crop {
        same("crop-px", &crop_px, &i64::from(recipe.crop_px)).map_err(wrong)?;
    }
    let preprocessing = u64::from_str_radix(&meta.preprocessing_hash, 16)
        .map_err(|_| wrong(format!("`{}` is not a preprocessing hash", meta.preprocessing_hash)))?;
    let progress = serde_json::from_value(meta.state.clone())
        .map_err(|e| wrong(format!("it does not record its progress: {e}")))?;
    Ok((progress, preprocessing))
}
