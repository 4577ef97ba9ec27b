//! The learner: moments in, a network that knows which views belong together out. It knows nothing of where moments
//! come from.

use std::path::Path;

use frame_sync::Side;
use model::{AdamW, CheckpointMeta, Cosine, Precision, SyncNet, autocast, checkpoint};
use recipe::PretrainRecipe;
use tch::{Device, Kind};
use transport::{LearnerStatus, Moment};

use crate::error::during;
use crate::evaluation::{Evaluation, PairScores, Scorer, Sight};
use crate::pictures::pictures;
use crate::pretext::{HeadLosses, PretextTask, Sync};
use crate::resume::{Progress, resumable};
use crate::seeds::{self, Stream};
use crate::store::Store;
use crate::{NetRecipe, PretrainError, from_recipe};

/// Held-out instants get this share of the buffer's bytes on top.
const HELD_OUT_SHARE: u64 = 4;

/// One optimiser step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepReport {
    /// What was minimised: the sum of the heads' losses.
    pub loss: f64,
    pub heads: HeadLosses<f64>,
    pub images: usize,
    /// Pairs scored by either head.
    pub pairs: usize,
}

/// Owns the network, its optimiser and the moments. One thread drives it.
pub struct Learner {
    recipe: PretrainRecipe,
    task: Box<dyn PretextTask>,
    net: SyncNet,
    optimiser: AdamW,
    schedule: Cosine,
    precision: Precision,
    trained: Store,
    held_out: Store,
    /// Hash of the preprocessing of all its moments.
    preprocessing: Option<u64>,
    progress: Progress,
    resumed_from: Option<u64>,
    losses_last: Option<HeadLosses<f64>>,
    starved: bool,
    evaluation: Option<(u64, Evaluation)>,
}

impl Learner {
    /// A fresh network for SYNC. With `precision = "auto"` this first times a step in both precisions.
    ///
    /// # Errors
    /// A recipe with a value out of range; a device without the memory.
    pub fn new(recipe: PretrainRecipe, device: Device) -> Result<Self, PretrainError> {
        let task = Box::new(Sync::new(&recipe));
        Self::with_task(recipe, device, task)
    }

    /// [`Self::new`] for another task.
    pub fn with_task(
        recipe: PretrainRecipe,
        device: Device,
        task: Box<dyn PretextTask>,
    ) -> Result<Self, PretrainError> {
        let recipe = recipe.checked()?;
        let precision = recipe.choose_precision(device)?;
        let net = SyncNet::new(&recipe.net(), device, Kind::Float).map_err(during("making the network"))?;
        let (adamw, schedule) = from_recipe::of_learner(&recipe);
        let optimiser = AdamW::new(adamw, net.trainable()).map_err(during("making the optimiser"))?;
        let buffer = recipe.buffer;
        Ok(Self {
            task,
            net,
            optimiser,
            schedule,
            precision,
            trained: Store::new(buffer.bytes, buffer.moments),
            held_out: Store::new(buffer.bytes / HELD_OUT_SHARE, buffer.moments),
            recipe,
            preprocessing: None,
            progress: Progress::default(),
            resumed_from: None,
            losses_last: None,
            starved: false,
            evaluation: None,
        })
    }

    /// Goes on from a checkpoint: weights, optimiser and step, from which the draws to come follow too. Moments are
    /// not part of it.
    ///
    /// # Errors
    /// As [`Self::new`]; a file that is damaged or of a network of another shape or fusion, with the remedy.
    pub fn resume(recipe: PretrainRecipe, device: Device, path: &Path) -> Result<Self, PretrainError> {
        let mut learner = Self::new(recipe, device)?;
        let meta = checkpoint::load(path, &learner.net, Some(&learner.optimiser)).map_err(during("resuming"))?;
        let (progress, preprocessing) = resumable(path, &meta, &learner.recipe)?;
        learner.resumed_from = Some(progress.steps);
        learner.progress = progress;
        learner.preprocessing = Some(preprocessing);
        Ok(learner)
    }

    /// Writes everything that [`Self::resume`] needs, whole or not at all, and gives the version of the encoder in
    /// it. BatchNorm's statistics are taken anew first, as for an evaluation.
    pub fn save(&mut self, path: &Path) -> Result<String, PretrainError> {
        self.recalibrate()?;
        let preprocessing = format!("{:016x}", self.preprocessing.unwrap_or_default());
        let recipe = self.recipe.to_toml()?;
        let mut meta =
            CheckpointMeta::new(self.recipe.net(), recipe, preprocessing, self.progress.steps, self.recipe.seed);
        meta.state = self.progress.to_json();
        checkpoint::save(path, &self.net, Some(&self.optimiser), &meta).map_err(during("writing a checkpoint"))?;
        let mut encoder = self.net.tensors();
        encoder.retain(|(name, _)| name.starts_with("encoder."));
        model::version(&encoder, &meta.preprocessing_hash).map_err(during("hashing the encoder"))
    }

    /// Takes a moment to learn from, to measure on, or neither (a guard between the two). A looping source sends the
    /// same instants again: they fall on the same side, and coexist with their older copies until those age out.
    ///
    /// # Errors
    /// Crops of another size or preprocessing than the recipe's or the checkpoint's: sender and learner disagree.
    pub fn push(&mut self, moment: Moment) -> Result<(), PretrainError> {
        let known = *self.preprocessing.get_or_insert(moment.preprocessing);
        if known != moment.preprocessing {
            return Err(PretrainError::Preprocessing { got: moment.preprocessing, known });
        }
        let wanted = self.task.wants().index;
        for view in &moment.views {
            let sample = view
                .samples
                .get(wanted)
                .ok_or(PretrainError::MissingSample { view: view.camera.index(), index: wanted })?;
            if sample.size_px != self.recipe.crop_px {
                return Err(PretrainError::CropSize { got: sample.size_px, wanted: self.recipe.crop_px });
            }
        }
        match self.recipe.hold_out.side(moment.source, moment.exposure.ns) {
            Side::Train => self.trained.push(moment),
            Side::HeldOut => self.held_out.push(moment),
            Side::Guard => {}
        }
        Ok(())
    }

    /// Whether enough instants are held for a step.
    pub fn ready(&self) -> bool {
        self.trained.len() >= self.recipe.buffer.minimum_moments
    }

    /// One optimiser step. `None`, without having changed anything, while the instants held make no valid pair:
    /// more moments are needed first.
    ///
    /// # Errors
    /// A loss that is no number, before it reaches the weights; a device that fails.
    pub fn step(&mut self) -> Result<Option<StepReport>, PretrainError> {
        let drawn = self.task.draw(self.trained.metas(), self.seed(Stream::Training));
        self.starved = drawn.is_none();
        let Some(draw) = drawn else { return Ok(None) };
        let device = self.net.device();
        let input = pictures(&self.trained, &draw.images, self.task.wants(), &self.recipe, device)?;
        let failed = during("a training step");
        self.optimiser.zero_grad().map_err(&failed)?;
        let losses = autocast(self.precision, device, || self.task.loss(&self.net, &input, &draw)).map_err(&failed)?;
        let heads = losses.values().map_err(&failed)?;
        let loss = heads.total();
        if !loss.is_finite() {
            return Err(PretrainError::Diverged { step: self.progress.steps, loss });
        }
        losses.total().map_err(&failed)?.f_backward().map_err(|e| failed(e.into()))?;
        self.optimiser.step(self.learning_rate()).map_err(&failed)?;
        self.progress.steps += 1;
        self.progress.loss_first.get_or_insert(loss);
        self.losses_last = Some(heads);
        Ok(Some(StepReport { loss, heads, images: draw.images.len(), pairs: draw.sync.len() + draw.flip.len() }))
    }

    /// Accuracy on balanced pairs of the newest instants of either side. BatchNorm's running statistics lag behind
    /// the weights, so they are first taken anew over batches as training draws them, plain and mirrored mixed;
    /// training goes on from these, which changes nothing in it, since it normalises by each batch's own.
    pub fn evaluate(&mut self) -> Result<Evaluation, PretrainError> {
        self.recalibrate()?;
        let (newest, pairs) = (self.recipe.evaluation.instants, self.recipe.evaluation.pairs);
        let seed = self.seed(Stream::Evaluation);
        let scorer = self.scorer(Sight::Both);
        let (sync_accuracy, flip_accuracy) = scorer.score(&self.trained, newest, pairs, seed)?.accuracies();
        let (held_out_sync_accuracy, held_out_flip_accuracy) =
            scorer.score(&self.held_out, newest, pairs, seed)?.accuracies();
        let evaluation = Evaluation { sync_accuracy, flip_accuracy, held_out_sync_accuracy, held_out_flip_accuracy };
        self.evaluation = Some((self.progress.steps, evaluation));
        Ok(evaluation)
    }

    /// Scores of `pairs` pairs of either head on the instants trained on, after taking BatchNorm's statistics anew.
    pub fn score_trained(&mut self, pairs: usize) -> Result<PairScores, PretrainError> {
        self.score_with(Sight::Both, pairs)
    }

    pub(crate) fn score_with(&mut self, sight: Sight, pairs: usize) -> Result<PairScores, PretrainError> {
        self.recalibrate()?;
        self.scorer(sight).score(&self.trained, usize::MAX, pairs, self.seed(Stream::Evaluation))
    }

    fn scorer(&self, sight: Sight) -> Scorer<'_> {
        let wanted = self.task.wants();
        Scorer { net: &self.net, precision: self.precision, recipe: &self.recipe, wanted, sight }
    }

    fn recalibrate(&mut self) -> Result<(), PretrainError> {
        let device = self.net.device();
        let mut batches = Vec::new();
        for batch in 0..self.recipe.evaluation.recalibration_batches {
            let seed = self.seed(Stream::Recalibration(batch as u64));
            let Some(draw) = self.task.draw(self.trained.metas(), seed) else { break };
            batches.push(pictures(&self.trained, &draw.images, self.task.wants(), &self.recipe, device)?);
        }
        autocast(self.precision, device, || self.net.recalibrate_batch_norm(&mut batches.into_iter()))
            .map_err(during("taking BatchNorm's statistics anew"))
    }

    /// What [`LearnerStatus`] says about the learner itself; rates, transport and files are its owner's to fill in.
    pub fn status(&self) -> LearnerStatus {
        let (held, minimum) = (self.trained.len(), self.recipe.buffer.minimum_moments);
        let state = if !self.ready() {
            format!("waiting for moments: {held} of {minimum}")
        } else if self.starved {
            format!("waiting: the {held} moments held make no pair far enough apart in time")
        } else {
            "learning".to_owned()
        };
        let (evaluated_at_step, evaluation) = self.evaluation.unzip();
        let evaluation = evaluation.unwrap_or_default();
        LearnerStatus {
            state,
            task: self.task.name().to_owned(),
            device: match self.net.device() {
                Device::Cpu => "cpu".to_owned(),
                Device::Cuda(index) => format!("cuda:{index}"),
                other => format!("{other:?}").to_lowercase(),
            },
            precision: match self.precision {
                Precision::F32 => "f32".to_owned(),
                Precision::Bf16 => "bf16".to_owned(),
            },
            steps: self.progress.steps,
            resumed_from_step: self.resumed_from,
            moments_held: held as u64,
            moments_held_out: self.held_out.distinct() as u64,
            loss_first: self.progress.loss_first,
            loss_last: self.losses_last.map(|losses| losses.total()),
            loss_sync: self.losses_last.map(|losses| losses.sync),
            loss_flip: self.losses_last.map(|losses| losses.flip),
            learning_rate: self.learning_rate(),
            sync_accuracy: evaluation.sync_accuracy,
            flip_accuracy: evaluation.flip_accuracy,
            held_out_sync_accuracy: evaluation.held_out_sync_accuracy,
            held_out_flip_accuracy: evaluation.held_out_flip_accuracy,
            evaluated_at_step,
            ..LearnerStatus::default()
        }
    }

    /// Steps since the first one of the checkpoint's history.
    pub fn steps(&self) -> u64 {
        self.progress.steps
    }

    pub fn recipe(&self) -> &PretrainRecipe {
        &self.recipe
    }

    pub fn net(&self) -> &SyncNet {
        &self.net
    }

    fn learning_rate(&self) -> f64 {
        self.schedule.at(self.progress.steps)
    }

    fn seed(&self, stream: Stream) -> u64 {
        seeds::seed(self.recipe.seed, self.progress.steps, stream)
    }
}
