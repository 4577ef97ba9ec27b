//! The learner of a running session: moments in, a network that knows which views belong together out. It knows nothing of
//! where moments come from.

use std::path::Path;

use model::{Precision, SyncNet};
use recipe::PretrainRecipe;
use tch::{Device, Kind};
use transport::{LearnerStatus, Moment};

use crate::LearnError;
use crate::error::during;
use crate::eval::pairs::{PairEvaluation, PairScores, Scorer, Sight};
use crate::from_recipe::{self, NetRecipe};
use crate::objectives::Sync;
use crate::objectives::pretext::{HeadLosses, PretextTask};
use crate::objectives::pretraining::{LiveMoments, PairStep, Pretraining, check_checkpoint};
use crate::seeds::{self, Purpose};
use crate::trainer::{Trainer, TrainerSettings};

/// A training on live moments. One thread drives it.
pub struct Learner {
    trainer: Trainer<Pretraining<LiveMoments>>,
    resumed_from: Option<u64>,
    losses_last: Option<HeadLosses<f64>>,
    /// The moments held made no pair when a step was last tried.
    starved: bool,
    evaluation: Option<(u64, PairEvaluation)>,
}

impl Learner {
    /// A fresh network for SYNC. With `precision = "auto"` this first times a step in both precisions.
    ///
    /// # Errors
    /// A recipe with a value out of range; a device without the memory.
    pub fn new(recipe: PretrainRecipe, device: Device) -> Result<Self, LearnError> {
        let task = Box::new(Sync::new(&recipe));
        Self::with_task(recipe, device, task)
    }

    /// [`Self::new`] for another task.
    pub fn with_task(recipe: PretrainRecipe, device: Device, task: Box<dyn PretextTask>) -> Result<Self, LearnError> {
        let (objective, settings) = prepared(recipe, device, task)?;
        Ok(Self::of(Trainer::new(objective, settings)?, None))
    }

    /// Goes on from a checkpoint: weights, optimiser and step, from which the draws to come follow too. Moments are
    /// not part of it.
    ///
    /// # Errors
    /// As [`Self::new`]; a file that is damaged or of a network of another shape or fusion, with the remedy.
    pub fn resume(recipe: PretrainRecipe, device: Device, path: &Path) -> Result<Self, LearnError> {
        let task = Box::new(Sync::new(&recipe));
        let (objective, settings) = prepared(recipe, device, task)?;
        let trainer = Trainer::resume(objective, settings, path)?;
        let steps = trainer.steps();
        Ok(Self::of(trainer, Some(steps)))
    }

    /// Whether [`Self::resume`] could go on from a checkpoint, by what that says of itself.
    ///
    /// # Errors
    /// A file that is damaged or of another recipe, with the remedy.
    pub fn check_checkpoint(recipe: &PretrainRecipe, path: &Path) -> Result<(), LearnError> {
        check_checkpoint(recipe, path)
    }

    fn of(trainer: Trainer<Pretraining<LiveMoments>>, resumed_from: Option<u64>) -> Self {
        Self { trainer, resumed_from, losses_last: None, starved: false, evaluation: None }
    }

    /// Writes everything that [`Self::resume`] needs, whole or not at all, and gives the version of the encoder in
    /// it. BatchNorm's statistics are taken anew first, as for an evaluation.
    pub fn save(&mut self, path: &Path) -> Result<String, LearnError> {
        self.trainer.recalibrate()?;
        self.trainer.save(path)?;
        let preprocessing = self.source().preprocessing_hash();
        self.net().encoder_version(&preprocessing).map_err(during("hashing the encoder"))
    }

    /// Takes a moment to learn from, to measure on, or neither (a guard between the two). A looping source sends the
    /// same instants again: they fall on the same side, and coexist with their older copies until those age out.
    ///
    /// # Errors
    /// Crops of another size or preprocessing than the recipe's or the checkpoint's: sender and learner disagree.
    pub fn push(&mut self, moment: Moment) -> Result<(), LearnError> {
        let objective = self.trainer.objective_mut();
        objective.source.moments.push(moment, objective.task.wants().index)
    }

    /// Whether enough instants are held for a step.
    pub fn ready(&self) -> bool {
        self.source().moments.ready()
    }

    /// One optimiser step. `None`, without having changed anything, while the instants held make no valid pair:
    /// more moments are needed first.
    ///
    /// # Errors
    /// A loss that is no number, before it reaches the weights; a device that fails.
    pub fn step(&mut self) -> Result<Option<PairStep>, LearnError> {
        let step = self.trainer.step()?;
        self.starved = step.is_none();
        let Some(step) = step else { return Ok(None) };
        self.trainer.objective_mut().source.loss_first.get_or_insert(step.report.loss);
        self.losses_last = Some(step.report.heads);
        Ok(Some(step.report))
    }

    /// Accuracy on balanced pairs of the newest instants of either side, after taking BatchNorm's statistics anew.
    pub fn evaluate(&mut self) -> Result<PairEvaluation, LearnError> {
        self.trainer.recalibrate()?;
        let plan = self.recipe().evaluation;
        let (seed, scorer) = (self.evaluation_seed(), self.scorer(Sight::Both));
        let moments = &self.source().moments;
        let accuracies =
            |store| Ok::<_, LearnError>(scorer.score(store, plan.instants, plan.pairs, seed)?.accuracies());
        let (sync_accuracy, flip_accuracy) = accuracies(&moments.trained)?;
        let (held_out_sync_accuracy, held_out_flip_accuracy) = accuracies(&moments.held_out)?;
        let evaluation =
            PairEvaluation { sync_accuracy, flip_accuracy, held_out_sync_accuracy, held_out_flip_accuracy };
        self.evaluation = Some((self.steps(), evaluation));
        Ok(evaluation)
    }

    /// Scores of `pairs` pairs of either head on the instants trained on, after taking BatchNorm's statistics anew.
    pub fn score_trained(&mut self, pairs: usize) -> Result<PairScores, LearnError> {
        self.score_with(Sight::Both, pairs)
    }

    pub(crate) fn score_with(&mut self, sight: Sight, pairs: usize) -> Result<PairScores, LearnError> {
        self.trainer.recalibrate()?;
        self.scorer(sight).score(&self.source().moments.trained, usize::MAX, pairs, self.evaluation_seed())
    }

    fn scorer(&self, sight: Sight) -> Scorer<'_> {
        let wanted = self.trainer.objective().task.wants();
        Scorer { net: self.net(), precision: self.trainer.precision(), recipe: self.recipe(), wanted, sight }
    }

    fn evaluation_seed(&self) -> u64 {
        seeds::of_learner(self.recipe().seed, self.steps(), Purpose::Evaluation)
    }

    /// What [`LearnerStatus`] says about the learner itself; rates, transport and files are its owner's to fill in.
    pub fn status(&self) -> LearnerStatus {
        let objective = self.trainer.objective();
        let moments = &objective.source.moments;
        let (held, minimum) = (moments.trained.len(), self.recipe().buffer.minimum_moments);
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
            task: objective.task.name().to_owned(),
            device: match objective.net.device() {
                Device::Cpu => "cpu".to_owned(),
                Device::Cuda(index) => format!("cuda:{index}"),
                other => format!("{other:?}").to_lowercase(),
            },
            precision: match self.trainer.precision() {
                Precision::F32 => "f32".to_owned(),
                Precision::Bf16 => "bf16".to_owned(),
            },
            steps: self.steps(),
            resumed_from_step: self.resumed_from,
            moments_held: held as u64,
            moments_held_out: moments.held_out.distinct() as u64,
            loss_first: objective.source.loss_first,
            loss_last: self.losses_last.map(|losses| losses.total()),
            loss_sync: self.losses_last.map(|losses| losses.sync),
            loss_flip: self.losses_last.map(|losses| losses.flip),
            learning_rate: self.trainer.learning_rate(),
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
        self.trainer.steps()
    }

    pub fn recipe(&self) -> &PretrainRecipe {
        &self.source().moments.recipe
    }

    pub fn net(&self) -> &SyncNet {
        &self.trainer.objective().net
    }

    fn source(&self) -> &LiveMoments {
        &self.trainer.objective().source
    }
}

fn prepared(
    recipe: PretrainRecipe,
    device: Device,
    task: Box<dyn PretextTask>,
) -> Result<(Pretraining<LiveMoments>, TrainerSettings), LearnError> {
    let recipe = recipe.checked()?;
    let precision = recipe.choose_precision(device)?;
    let net = SyncNet::new(&recipe.net(), device, Kind::Float).map_err(during("making the network"))?;
    let (adamw, schedule) = from_recipe::of_learner(&recipe);
    let objective = Pretraining { task, net, source: LiveMoments::new(recipe) };
    Ok((objective, TrainerSettings { adamw, schedule, precision }))
}
