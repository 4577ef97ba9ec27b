//! Rendered and recorded takes as the picture source of a pretext task. Labels are not used.

use std::path::Path;

use frame_sync::pairs::PairSampler;
use model::{CheckpointMeta, SyncNetConfig};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use recipe::{AugmentConfig, TrainRecipe};
use tch::{Device, Tensor};

use super::PictureSource;
use crate::LearnError;
use crate::data::SampleWanted;
use crate::data::augment::Augment;
use crate::data::rendered::{Dataset, Split};
use crate::error::during;
use crate::from_recipe;
use crate::objectives::pretext::{Draw, PretextTask};
use crate::objectives::stage_state::{RECALIBRATION_BATCHES, StageState};
use crate::seeds::{self, Purpose, seed_of};

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
    /// Training takes.
    takes: Eligible,
    pub images_per_step: u64,
}

/// The takes of one split that contain pairs, as indices into [`Dataset::takes`].
pub(crate) struct Eligible(Vec<usize>);

impl<'a> RenderedTakes<'a> {
    /// # Errors
    /// If the dataset has no training pairs, or the device runs out of memory.
    pub fn new(recipe: &'a TrainRecipe, dataset: &'a Dataset) -> Result<Self, LearnError> {
        // The rendered background would reveal whether a picture is mirrored.
        let config = AugmentConfig { own_background: 0.0, ..recipe.sync.augment };
        let augment = Augment::new(config, dataset, &dataset.rows(Split::Train), recipe.crop_px, recipe.seed)
            .map_err(during("preparing backgrounds"))?;
        let takes = side(recipe, dataset, Split::Train).ok_or_else(|| {
            let problem = "no training take has two views of two instants a valid gap (sync.gap) apart";
            LearnError::TooFew(problem.to_owned())
        })?;
        let instants = takes.0.iter().flat_map(|&take| &dataset.takes()[take].instants);
        let views = instants.map(|at| at.views.count_ones()).max();
        let images_per_step =
            recipe.sync.takes.min(takes.0.len()) as u64 * recipe.sync.times as u64 * u64::from(views.unwrap_or(1));
        Ok(Self { recipe, dataset, augment, takes, images_per_step })
    }

    /// The takes of a split that contain pairs; `None` if there are none.
    pub fn side(&self, split: Split) -> Option<Eligible> {
        side(self.recipe, self.dataset, split)
    }

    /// Pictures and pairs drawn from some of these takes.
    pub fn draw_among(&self, eligible: &Eligible, task: &dyn PretextTask, seed: u64) -> Result<TakesDraw, LearnError> {
        self.drawn(eligible, task, seed).ok_or_else(|| LearnError::TooFew("a take yielded no pairs".to_owned()))
    }

    /// Combines the draws of several takes. All takes have the same weight.
    fn drawn(&self, Eligible(takes): &Eligible, task: &dyn PretextTask, seed: u64) -> Option<TakesDraw> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut chosen = takes.clone();
        let (chosen, _) = chosen.partial_shuffle(&mut rng, self.recipe.sync.takes);
        let share = 1.0 / chosen.len() as f32;
        let (mut rows, mut mirrored, mut pairs) = (Vec::new(), Vec::new(), Draw::default());
        for &mut index in chosen {
            let take = &self.dataset.takes()[index];
            let drawn = task.draw(&take.instants, seed_of(&[seed, index as u64]))?;
            for image in &drawn.images {
                rows.push(take.rows[image.instant][usize::from(image.view)]?);
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

/// The takes of a split that contain pairs. Recorded takes count as training takes.
fn side(recipe: &TrainRecipe, dataset: &Dataset, split: Split) -> Option<Eligible> {
    let holds = |take: &usize| {
        let take = &dataset.takes()[*take];
        let of_side = take.split == split || (split == Split::Train && take.split == Split::Recorded);
        of_side && PairSampler::new(recipe.sync.sampler(), 0).all_pairs(&take.instants, 2).is_some()
    };
    let takes: Vec<usize> = (0..dataset.takes().len()).filter(holds).collect();
    (!takes.is_empty()).then_some(Eligible(takes))
}

impl PictureSource for RenderedTakes<'_> {
    type Drawn = TakesDraw;

    fn draw(&self, task: &dyn PretextTask, seed: u64) -> Result<Option<TakesDraw>, LearnError> {
        self.draw_among(&self.takes, task, seed).map(Some)
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
