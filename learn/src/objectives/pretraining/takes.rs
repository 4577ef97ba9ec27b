//! Rendered and recorded takes as the picture source of a pretext task. Labels are not used.

use std::path::Path;

use model::{CheckpointMeta, SyncNetConfig};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use recipe::{PairForm, TrainRecipe};
use tch::{Device, Tensor};

use super::PictureSource;
use super::strip::Strip;
use crate::LearnError;
use crate::data::SampleWanted;
use crate::data::augment::Augment;
use crate::data::rendered::{Dataset, MaskChanges, MovingInstants, Split};
use crate::error::during;
use crate::from_recipe;
use crate::objectives::pretext::{Draw, PretextTask, Seen};
use crate::objectives::stage_state::{RECALIBRATION_BATCHES, StageState};
use crate::seeds::{self, Purpose};

/// The pictures and pairs of one step, which depend only on dataset, recipe, seed and step.
#[derive(Clone, Debug, PartialEq)]
pub struct TakesDraw {
    /// Rows of the dataset, one for each of `pairs.images`.
    pub rows: Vec<u32>,
    pub mirrored: Vec<bool>,
    pub pairs: Draw,
}

pub(crate) struct RenderedTakes<'a> {
    recipe: &'a TrainRecipe,
    dataset: &'a Dataset,
    augment: Augment,
    moving: MovingInstants,
    /// Where pairs that look alike are left out.
    changes: Option<MaskChanges>,
    /// Of the training takes.
    strips: Vec<Strip>,
    pub images_per_step: u64,
}

impl<'a> RenderedTakes<'a> {
    /// # Errors
    /// If the dataset has no training pairs, or the device runs out of memory.
    pub fn new(recipe: &'a TrainRecipe, dataset: &'a Dataset) -> Result<Self, LearnError> {
        let plan = &recipe.sync;
        let augment = Augment::new(plan.varied(), dataset, &dataset.rows(Split::Train), recipe.crop_px, recipe.seed)
            .map_err(during("preparing backgrounds"))?;
        let moving = MovingInstants::of(dataset, plan.motion).map_err(during("looking for motion"))?;
        let compared = (plan.negatives.least_change > 0.0).then(|| MaskChanges::of(dataset));
        let changes = compared.transpose().map_err(during("comparing masks"))?;
        let strips = Strip::of_split(plan, dataset, &moving, Split::Train);
        if strips.is_empty() {
            let problem = "no training take has two views of two instants a valid gap (sync.gap) apart";
            return Err(LearnError::TooFew(problem.to_owned()));
        }
        let views = match plan.form {
            // A tuple has four pictures.
            PairForm::Tuple => 4,
            PairForm::AllPairs => strips.iter().map(Strip::most_views).max().unwrap_or(1),
        };
        let images_per_step = plan.takes.min(strips.len()) as u64 * plan.times as u64 * u64::from(views);
        Ok(Self { recipe, dataset, augment, moving, changes, strips, images_per_step })
    }

    pub fn form(&self) -> PairForm {
        self.recipe.sync.form
    }

    /// What pairs of a split are drawn from; empty if it has none.
    pub fn strips(&self, split: Split) -> Vec<Strip> {
        Strip::of_split(&self.recipe.sync, self.dataset, &self.moving, split)
    }

    /// Pictures and pairs drawn from some of these strips when this part of all steps is done.
    pub fn draw_among(
        &self,
        strips: &[Strip],
        task: &dyn PretextTask,
        seed: u64,
        progress: f64,
    ) -> Result<TakesDraw, LearnError> {
        self.drawn(strips, task, seed, progress).ok_or_else(|| LearnError::TooFew("a take yielded no pairs".to_owned()))
    }

    /// Combines the draws of several strips. All strips have the same weight.
    fn drawn(&self, strips: &[Strip], task: &dyn PretextTask, seed: u64, progress: f64) -> Option<TakesDraw> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut chosen: Vec<&Strip> = strips.iter().collect();
        let (chosen, _) = chosen.partial_shuffle(&mut rng, self.recipe.sync.takes);
        let share = 1.0 / chosen.len() as f32;
        let (mut rows, mut mirrored, mut pairs) = (Vec::new(), Vec::new(), Draw::default());
        for strip in chosen {
            let take = &self.dataset.takes()[strip.take];
            let between = self.changes.as_ref().map(|changes| |a, b| changes.between(take, a, b));
            let change = between.as_ref().map(|change| change as &dyn Fn(usize, usize) -> f64);
            let drawn = task.draw(Seen { instants: &strip.instants, change, progress }, strip.seed(seed))?;
            for image in &drawn.images {
                rows.push(strip.row(take, image)?);
                mirrored.push(image.mirrored);
            }
            pairs.append(drawn, share);
        }
        Some(TakesDraw { rows, mirrored, pairs })
    }

    fn total_steps(&self) -> u64 {
        from_recipe::of_pretraining(&self.recipe.sync, self.images_per_step).1.total_steps
    }
}

impl PictureSource for RenderedTakes<'_> {
    type Drawn = TakesDraw;

    fn draw(&self, task: &dyn PretextTask, seed: u64, step: u64) -> Result<Option<TakesDraw>, LearnError> {
        let progress = (step as f64 / self.total_steps() as f64).min(1.0);
        self.draw_among(&self.strips, task, seed, progress).map(Some)
    }

    fn pairs(drawn: TakesDraw) -> Draw {
        drawn.pairs
    }

    fn input(
        &self,
        drawn: &TakesDraw,
        _wanted: SampleWanted,
        seed: u64,
        _device: Device,
    ) -> Result<Tensor, LearnError> {
        let batch = self.dataset.batch(&drawn.rows).map_err(during("gathering pictures"))?;
        let varied = self.augment.apply(&batch, Some(&drawn.mirrored), seed).map_err(during("augmenting pictures"))?;
        Ok(varied.input)
    }

    fn seed(&self, step: u64, purpose: Purpose) -> u64 {
        seeds::of_pretraining(self.recipe.seed, step, purpose)
    }

    fn recalibration_batches(&self) -> u64 {
        RECALIBRATION_BATCHES
    }

    fn meta(&self, net: SyncNetConfig, steps: u64) -> Result<CheckpointMeta, LearnError> {
        let preprocessing = format!("{:016x}", self.recipe.preprocessing().hash());
        let mut meta = CheckpointMeta::new(net, self.recipe.identity()?, preprocessing, steps, self.recipe.seed);
        meta.state = StageState::new(self.recipe, self.dataset, steps, self.total_steps())?.to_json()?;
        Ok(meta)
    }

    fn resume(&mut self, path: &Path, meta: &CheckpointMeta) -> Result<u64, LearnError> {
        let state = StageState::of(path, meta.state.clone())?;
        state.check(path, self.recipe, self.dataset)?;
        Ok(state.steps)
    }
}
