//! Stage one: SYNC on rendered takes, without a look at their labels.

use std::path::Path;

use frame_sync::{PairSampler, WeightedPair};
use model::{AdamW, CheckpointMeta, Cosine, Mode, Precision, SyncNet, autocast, checkpoint};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use recipe::{AugmentConfig, TrainRecipe};
use tch::{Device, Kind, Tensor};

use super::RenderedError;
use super::augment::Augment;
use super::dataset::{Dataset, Split};
use super::draws::seed_of;
use super::error::during;
use super::trainer::{Kept, STEADY_BATCHES, kept};
use crate::pretext::{Draw, pair_loss};
use crate::{NetRecipe, from_recipe};

const NAME: &str = "sync";

/// Streams of random numbers that must not meet.
#[derive(Clone, Copy)]
enum Stream {
    Training = 0,
    Recalibration = 1,
    Evaluation = 2,
}

/// One step's pictures and pairs, a function of dataset, plan, seed and step.
#[derive(Clone, Debug, PartialEq)]
pub struct SyncDraw {
    /// Rows of the dataset, one for each of `pairs.images`.
    pub rows: Vec<u32>,
    pub mirrored: Vec<bool>,
    pub pairs: Draw,
}

pub(crate) struct SyncStage<'a> {
    recipe: &'a TrainRecipe,
    dataset: &'a Dataset,
    net: SyncNet,
    optimiser: AdamW,
    schedule: Cosine,
    precision: Precision,
    augment: Augment,
    takes: Vec<usize>,
    pub steps: u64,
    pub images_per_step: u64,
}

impl<'a> SyncStage<'a> {
    pub fn new(recipe: &'a TrainRecipe, dataset: &'a Dataset, precision: Precision) -> Result<Self, RenderedError> {
        let failed = during("making the network");
        let net = SyncNet::new(&recipe.net(), dataset.device(), Kind::Float).map_err(&failed)?;
        // The background that a picture was rendered with would tell whether it is mirrored.
        let config = AugmentConfig { own_background: 0.0, ..recipe.sync.augment };
        let augment = Augment::new(config, dataset, &dataset.rows(Split::Train), recipe.crop_px, recipe.seed)
            .map_err(during("preparing backgrounds"))?;
        let takes = eligible(dataset, recipe, Split::Train);
        if takes.is_empty() {
            return Err(RenderedError::Nothing(
                "no training take has two views of two instants a valid gap (sync.gap) apart".to_owned(),
            ));
        }
        let views =
            takes.iter().flat_map(|&take| &dataset.takes()[take].instants).map(|at| at.views.count_ones()).max();
        let images_per_step =
            recipe.sync.takes.min(takes.len()) as u64 * recipe.sync.times as u64 * u64::from(views.unwrap_or(1));
        let (adamw, schedule) = from_recipe::of_pretraining(&recipe.sync, images_per_step);
        let optimiser = AdamW::new(adamw, net.trainable()).map_err(&failed)?;
        Ok(Self { recipe, dataset, net, optimiser, schedule, precision, augment, takes, steps: 0, images_per_step })
    }

    pub fn done(&self) -> bool {
        self.steps >= self.schedule.total_steps
    }

    pub fn total_steps(&self) -> u64 {
        self.schedule.total_steps
    }

    pub fn net(&self) -> &SyncNet {
        &self.net
    }

    /// One step: pictures seen, and the loss.
    pub fn step(&mut self) -> Result<(usize, f64), RenderedError> {
        let seed = self.seed(Stream::Training, self.steps);
        let draw = self.draw(&self.takes, seed)?;
        let input = self.input(&draw, seed)?;
        let failed = during("a step of pretraining");
        self.optimiser.zero_grad().map_err(&failed)?;
        let loss = autocast(self.precision, self.net.device(), || {
            let features = self.net.features(&input, Mode::Train)?;
            let (sync, flip) = self.net.all_pair_logits(&features)?;
            Ok(pair_loss(&sync, &draw.pairs.sync)?.f_add(&pair_loss(&flip, &draw.pairs.flip)?)?)
        })
        .map_err(&failed)?;
        let value = loss.f_double_value(&[]).map_err(|e| failed(e.into()))?;
        if !value.is_finite() {
            return Err(RenderedError::Diverged { stage: NAME, step: self.steps, loss: value });
        }
        loss.f_backward().map_err(|e| failed(e.into()))?;
        self.optimiser.step(self.schedule.at(self.steps)).map_err(&failed)?;
        self.steps += 1;
        Ok((draw.rows.len(), value))
    }

    /// The draw of a step of the training.
    pub fn draw_of(&self, step: u64) -> Result<SyncDraw, RenderedError> {
        self.draw(&self.takes, self.seed(Stream::Training, step))
    }

    fn draw(&self, takes: &[usize], seed: u64) -> Result<SyncDraw, RenderedError> {
        draw(self.dataset, self.recipe, takes, seed)
            .ok_or_else(|| RenderedError::Nothing("a take that had pairs has none".to_owned()))
    }

    fn input(&self, draw: &SyncDraw, seed: u64) -> Result<Tensor, RenderedError> {
        let batch = self.dataset.batch(&draw.rows).map_err(during("gathering pictures"))?;
        let varied = self.augment.apply(&batch, Some(&draw.mirrored), seed).map_err(during("varying pictures"))?;
        Ok(varied.input)
    }

    /// Takes BatchNorm's statistics anew over batches as training draws them.
    pub fn recalibrate(&self) -> Result<(), RenderedError> {
        let mut batches = Vec::new();
        for index in 0..STEADY_BATCHES {
            let seed = seed_of(&[self.seed(Stream::Recalibration, self.steps), index]);
            batches.push(self.input(&self.draw(&self.takes, seed)?, seed)?);
        }
        autocast(self.precision, self.net.device(), || self.net.recalibrate_batch_norm(&mut batches.into_iter()))
            .map_err(during("taking BatchNorm's statistics anew"))
    }

    /// Balanced accuracies of both heads on takes of a side, varied as in training: synchronised, mirrored. `None`
    /// where it has no pairs. Take the statistics anew before.
    pub fn accuracies(&self, split: Split, batches: u64) -> Result<Option<[f64; 2]>, RenderedError> {
        let takes = eligible(self.dataset, self.recipe, split);
        if takes.is_empty() {
            return Ok(None);
        }
        // Weights of right decisions and of all, by head and class.
        let mut sums = [[[0.0; 2]; 2]; 2];
        for index in 0..batches {
            let seed = seed_of(&[self.seed(Stream::Evaluation, split as u64), index]);
            let draw = self.draw(&takes, seed)?;
            let input = self.input(&draw, seed)?;
            let logits = tch::no_grad(|| {
                autocast(self.precision, self.net.device(), || {
                    self.net.all_pair_logits(&self.net.features(&input, Mode::Eval)?)
                })
            });
            let (sync, flip) = logits.map_err(during("scoring pairs"))?;
            let values = |logits: Tensor| -> Result<Vec<f32>, model::ModelError> {
                Ok(Vec::try_from(logits.f_to_device(Device::Cpu)?.f_to_kind(Kind::Float)?.f_reshape([-1])?)?)
            };
            for (head, (logits, pairs)) in [(sync, &draw.pairs.sync), (flip, &draw.pairs.flip)].into_iter().enumerate()
            {
                let logits = values(logits).map_err(during("scoring pairs"))?;
                for pair in pairs {
                    let logit = logits[pair.a as usize * draw.rows.len() + pair.b as usize];
                    let [right, all] = &mut sums[head][usize::from(pair.positive)];
                    *all += f64::from(pair.weight);
                    *right += if (logit > 0.0) == pair.positive { f64::from(pair.weight) } else { 0.0 };
                }
            }
        }
        let share = |[right, all]: [f64; 2]| if all > 0.0 { right / all } else { 0.5 };
        Ok(Some(sums.map(|[negative, positive]| (share(negative) + share(positive)) / 2.0)))
    }

    pub fn save(&self, path: &Path) -> Result<(), RenderedError> {
        let preprocessing = format!("{:016x}", self.recipe.preprocessing().hash());
        let config = self.recipe.net();
        let mut meta =
            CheckpointMeta::new(config, self.recipe.identity()?, preprocessing, self.steps, self.recipe.seed);
        meta.state = kept(self.recipe, self.dataset, [self.steps, self.total_steps()])?;
        checkpoint::save(path, &self.net, Some(&self.optimiser), &meta).map_err(during("writing a checkpoint"))
    }

    /// Goes on from a file of [`Self::save`].
    pub fn resume(&mut self, path: &Path) -> Result<(), RenderedError> {
        let meta = checkpoint::load(path, &self.net, Some(&self.optimiser)).map_err(during("resuming"))?;
        let kept = Kept::of(path, meta.state)?;
        kept.check(path, self.recipe, self.dataset)?;
        self.steps = kept.steps;
        Ok(())
    }

    fn seed(&self, stream: Stream, step: u64) -> u64 {
        seed_of(&[self.recipe.seed, 10 + stream as u64, step])
    }
}

/// Takes of a side that hold a pair; recorded ones are for training.
fn eligible(dataset: &Dataset, recipe: &TrainRecipe, split: Split) -> Vec<usize> {
    let holds = |take: &usize| {
        let take = &dataset.takes()[*take];
        let of_side = take.split == split || (split == Split::Train && take.split == Split::Recorded);
        of_side && PairSampler::new(recipe.sync.sampler(), 0).all_pairs(&take.instants, 2).is_some()
    };
    (0..dataset.takes().len()).filter(holds).collect()
}

/// All pairs within each of some takes, side by side: the weights of each take's pairs count for as much.
pub(crate) fn draw(dataset: &Dataset, recipe: &TrainRecipe, takes: &[usize], seed: u64) -> Option<SyncDraw> {
    let plan = &recipe.sync;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut chosen = takes.to_vec();
    let (chosen, _) = chosen.partial_shuffle(&mut rng, plan.takes);
    let share = 1.0 / chosen.len() as f32;
    let (mut rows, mut mirrored, mut pairs) = (Vec::new(), Vec::new(), Draw::default());
    for &mut index in chosen {
        let take = &dataset.takes()[index];
        let drawn =
            PairSampler::new(plan.sampler(), seed_of(&[seed, index as u64])).all_pairs(&take.instants, plan.times)?;
        let first = rows.len() as u32;
        for image in &drawn.images {
            rows.push(take.rows[image.instant][usize::from(image.view)]?);
            mirrored.push(image.mirrored);
        }
        let placed = |pair: WeightedPair| WeightedPair {
            a: pair.a + first,
            b: pair.b + first,
            weight: pair.weight * share,
            ..pair
        };
        pairs.images.extend(drawn.images);
        pairs.sync.extend(drawn.sync_pairs.into_iter().map(placed));
        pairs.flip.extend(drawn.flip_pairs.into_iter().map(placed));
    }
    Some(SyncDraw { rows, mirrored, pairs })
}
