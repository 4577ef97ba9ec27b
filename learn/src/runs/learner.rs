//! The learner of a running session: trains a network on moments to recognise views of the same instant. It does not
//! depend on where the moments come from.

use std::path::Path;

use model::{Precision, SyncNet};
use recipe::PretrainRecipe;
use tch::{Device, Kind};
use transport::{LearnerStatus, Moment};

use crate::LearnError;
use crate::data::{Correction, Realigner};
use crate::error::during;
use crate::eval::pairs::{PairEvaluation, PairScores, Scorer, Sight};
use crate::from_recipe::{self, NetRecipe};
use crate::objectives::Sync;
use crate::objectives::pretext::{HeadLosses, PretextTask};
use crate::objectives::pretraining::{LiveMoments, PairStep, Pretraining, check_checkpoint};
use crate::seeds::{self, Purpose};
use crate::trainer::{Trainer, TrainerSettings};

/// Training on live moments, driven by a single thread.
pub struct Learner {
    trainer: Trainer<Pretraining<LiveMoments>>,
    resumed_from: Option<u64>,
    /// How often the network went back to a checkpoint.
    rolled_back: u64,
    losses_last: Option<HeadLosses<f64>>,
    /// The last step found no valid pair among the moments.
    starved: bool,
    evaluation: Option<(u64, PairEvaluation)>,
    realigner: Realigner,
}

impl Learner {
    /// An untrained network for SYNC. With `precision = "auto"` this first times a step in both precisions.
    ///
    /// # Errors
    /// If a value of the recipe is out of range, or the device runs out of memory.
    pub fn new(recipe: PretrainRecipe, device: Device) -> Result<Self, LearnError> {
        let task = Box::new(Sync::new(&recipe));
        Self::with_task(recipe, device, task)
    }

    /// [`Self::new`] for another task.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_task(recipe: PretrainRecipe, device: Device, task: Box<dyn PretextTask>) -> Result<Self, LearnError> {
        let (objective, settings) = prepared(recipe, device, task)?;
        Ok(Self::of(Trainer::new(objective, settings)?, None))
    }

    /// Resumes from a checkpoint: weights, optimiser state and step number, which also determines the coming draws.
    /// Checkpoints contain no moments.
    ///
    /// # Errors
    /// As [`Self::new`], or if the file is damaged or its network has another shape or fusion. The message says what to
    /// do.
    pub fn resume(recipe: PretrainRecipe, device: Device, path: &Path) -> Result<Self, LearnError> {
        let task = Box::new(Sync::new(&recipe));
        Self::resume_with_task(recipe, device, task, path)
    }

    /// [`Self::resume`] for the task that the checkpoint was trained for.
    ///
    /// # Errors
    /// As [`Self::resume`].
    pub fn resume_with_task(
        recipe: PretrainRecipe,
        device: Device,
        task: Box<dyn PretextTask>,
        path: &Path,
    ) -> Result<Self, LearnError> {
        let (objective, settings) = prepared(recipe, device, task)?;
        let trainer = Trainer::resume(objective, settings, path)?;
        let steps = trainer.steps();
        Ok(Self::of(trainer, Some(steps)))
    }

    /// Checks by its metadata whether [`Self::resume`] can use a checkpoint.
    ///
    /// # Errors
    /// If it cannot: the file is damaged or from another recipe. The message says what to do.
    pub fn check_checkpoint(recipe: &PretrainRecipe, path: &Path) -> Result<(), LearnError> {
        check_checkpoint(recipe, path)
    }

    fn of(trainer: Trainer<Pretraining<LiveMoments>>, resumed_from: Option<u64>) -> Self {
        Self {
            trainer,
            resumed_from,
            rolled_back: 0,
            losses_last: None,
            starved: false,
            evaluation: None,
            realigner: Realigner::default(),
        }
    }

    /// Recomputes BatchNorm statistics, writes a checkpoint for [`Self::resume`] atomically, and returns the version of
    /// its encoder.
    pub fn save(&mut self, path: &Path) -> Result<String, LearnError> {
        self.trainer.recalibrate()?;
        self.trainer.save(path)?;
        let preprocessing = self.source().preprocessing_hash();
        self.net().encoder_version(&preprocessing).map_err(during("hashing the encoder"))
    }

    /// Goes back to the weights and the optimiser state of a checkpoint after [`LearnError::Diverged`], and keeps the
    /// moments. Steps count on.
    ///
    /// # Errors
    /// If the checkpoint cannot be read or is of another network. Nothing has changed then.
    pub fn roll_back(&mut self, path: &Path) -> Result<(), LearnError> {
        self.trainer.roll_back(path)?;
        self.rolled_back += 1;
        Ok(())
    }

    /// Adds a moment to the training or the held-out ones; a guard moment between the two is dropped. Repeated instants
    /// of a looping source go to the same side as before, and are kept beside the older copies until those age out.
    ///
    /// # Errors
    /// If the size or the preprocessing of the crops differs from that of the recipe, the checkpoint or earlier
    /// moments.
    pub fn push(&mut self, moment: Moment) -> Result<(), LearnError> {
        let objective = self.trainer.objective_mut();
        let sample = objective.task.wants().index;
        self.realigner.push(moment).into_iter().try_for_each(|moment| objective.source.moments.push(moment, sample))
    }

    /// From now on corrects the views of cameras that slipped before it learns from them, by camera; cameras beyond are
    /// right. Moments that were exposed after `known_good_ns` and are held already are dropped.
    pub fn correct(&mut self, corrections: Vec<Correction>, known_good_ns: Option<i64>) {
        self.realigner.set(corrections);
        if let Some(known_good_ns) = known_good_ns {
            self.trainer.objective_mut().source.moments.forget_after(known_good_ns);
        }
    }

    /// Whether there are enough instants for a step.
    pub fn ready(&self) -> bool {
        self.source().moments.ready()
    }

    /// One optimiser step. Returns `None` and changes nothing if the instants contain no valid pair: more moments are
    /// needed first.
    ///
    /// # Errors
    /// If the loss is not finite (the weights are then unchanged), or the device fails.
    pub fn step(&mut self) -> Result<Option<PairStep>, LearnError> {
        let step = self.trainer.step()?;
        self.starved = step.is_none();
        let Some(step) = step else { return Ok(None) };
        self.trainer.objective_mut().source.loss_first.get_or_insert(step.report.loss);
        self.losses_last = Some(step.report.heads);
        Ok(Some(step.report))
    }

    /// Recomputes BatchNorm statistics and evaluates pairs of the newest training and held-out instants.
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

    /// Recomputes BatchNorm statistics and scores `pairs` pairs per head on training instants.
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

    /// The learner's part of [`LearnerStatus`]. The caller fills in rates, transport and files.
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
            rolled_back: self.rolled_back,
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

    /// Steps so far, including those before a resume.
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
    let net = SyncNet::new(&recipe.net(), device, Kind::Float).map_err(during("creating the network"))?;
    let (adamw, schedule) = from_recipe::of_learner(&recipe);
    let objective = Pretraining { task, net, source: LiveMoments::new(recipe) };
    Ok((objective, TrainerSettings { adamw, schedule, precision }))
}
