//! The learner of a running session: trains a network on moments to recognise views of the same instant. It does not
//! depend on where the moments come from.

mod files;
mod serving;
mod status;

use std::path::Path;

use model::{Mode, Precision, SyncNet};
use recipe::{Keep, Normalisation, PretrainRecipe, Served};
use tch::{Device, Kind};
use transport::Moment;

use crate::LearnError;
use crate::data::buffer::Buffer;
use crate::data::{Correction, Realigner};
use crate::error::during;
use crate::eval::pairs::{PairEvaluation, PairScores, Scorer, Sight};
use crate::from_recipe::{self, NetRecipe};
use crate::objectives::Sync;
use crate::objectives::pretext::{HeadLosses, PretextTask};
use crate::objectives::pretraining::{
    Copies, LiveMoments, PairReport, PairStep, Pretraining, anchor_features, by_instant,
};
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
    /// Sync accuracy on held-out instants of the copy that others get, when it was last measured.
    served_accuracy: Option<f64>,
    realigner: Realigner,
}

impl Learner {
    /// An untrained network for SYNC. With `precision = "auto"` this first times a step in both precisions.
    ///
    /// # Errors
    /// If a value of the recipe is out of range, the buffer is larger than the machine's memory, or the device runs out
    /// of memory.
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

    /// Resumes from a checkpoint: weights, their copies, optimiser state and step number, which also determines the
    /// coming draws. What was kept to learn from is in a file of its own: see [`Self::take_up_buffer`].
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

    fn of(trainer: Trainer<Pretraining<LiveMoments>>, resumed_from: Option<u64>) -> Self {
        Self {
            trainer,
            resumed_from,
            rolled_back: 0,
            losses_last: None,
            starved: false,
            evaluation: None,
            served_accuracy: None,
            realigner: Realigner::default(),
        }
    }

    /// Moments that follow belong to the session of this name, which may be the one going on. Without this, all belong to
    /// one.
    pub fn begin_session(&mut self, key: &str) {
        self.trainer.objective_mut().source.moments.begin_session(key);
    }

    /// Learns from moments that show nobody, too, as checks for shortcuts need them.
    pub(crate) fn take_all(&mut self) {
        self.trainer.objective_mut().source.moments.take_all();
    }

    /// Adds a moment to the training or the held-out ones; a guard moment between the two is dropped, and so is one with
    /// fewer than two views that show somebody, or in which nobody moves. Repeated instants of a looping source go to the
    /// same side as before, and are kept beside the older copies until those age out. One that becomes an anchor of the
    /// buffer is encoded.
    ///
    /// # Errors
    /// If the size or the preprocessing of the crops differs from that of the recipe, the checkpoint or earlier
    /// moments, or the device fails.
    pub fn push(&mut self, moment: Moment) -> Result<(), LearnError> {
        let sample = self.trainer.objective().task.wants().index;
        for moment in self.realigner.push(moment) {
            if let Some(anchor) = self.trainer.objective_mut().source.moments.push(moment, sample)? {
                self.add_anchor(anchor)?;
            }
        }
        Ok(())
    }

    fn add_anchor(&mut self, anchor: u64) -> Result<(), LearnError> {
        let objective = self.trainer.objective();
        let net = objective.copies.as_ref().map_or(&objective.net, Copies::average);
        let features =
            anchor_features(net, self.trainer.precision(), &objective.source.moments, anchor, &*objective.task)?;
        self.trainer.objective_mut().source.moments.buffers.trained.add_anchor(anchor, features);
        Ok(())
    }

    /// From now on corrects the views of cameras that slipped before it learns from them, by camera; cameras beyond are
    /// right. Moments of this session that were exposed after `known_good_ns` and are held already are dropped.
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

    /// Whether the recipe's pace asks for a step.
    pub fn is_due(&self) -> bool {
        self.source().moments.is_due()
    }

    /// One optimiser step. Returns `None` and changes nothing if the instants contain no valid pair: more moments are
    /// needed first.
    ///
    /// # Errors
    /// If the loss is not finite (the weights are then unchanged), or the device fails.
    pub fn step(&mut self) -> Result<Option<PairStep>, LearnError> {
        let calibrated = self.steps() >= self.recipe().evaluation.every_steps;
        let running = calibrated && self.recipe().normalisation == Normalisation::Running;
        self.trainer.objective_mut().mode = if running { Mode::Eval } else { Mode::Train };
        let step = self.trainer.step()?;
        self.starved = step.is_none();
        let steps = self.steps();
        let objective = self.trainer.objective_mut();
        objective.source.moments.stepped();
        let Some(step) = step else { return Ok(None) };
        if let Some(copies) = &objective.copies {
            copies.follow(&objective.net, steps).map_err(during("averaging weights"))?;
        }
        let PairReport { step, images, features } = step.report;
        if objective.source.moments.recipe.buffer.keep == Keep::LeastRedundant {
            let buffer = &mut objective.source.moments.buffers.trained;
            for (place, features) in by_instant(&images, &features)? {
                buffer.encoded(place, &features);
            }
        }
        objective.source.loss_first.get_or_insert(step.loss);
        self.losses_last = Some(step.heads);
        Ok(Some(step))
    }

    /// Recomputes BatchNorm statistics and evaluates pairs of the newest training and held-out instants. Then others get
    /// the running mean of the weights as it is now, unless it tells held-out instants apart worse than what they have.
    pub fn evaluate(&mut self) -> Result<PairEvaluation, LearnError> {
        self.trainer.recalibrate()?;
        let plan = self.recipe().evaluation;
        let (seed, scorer) = (self.evaluation_seed(), self.scorer(Sight::Both));
        let moments = &self.source().moments;
        let accuracies =
            |store: &Buffer| Ok::<_, LearnError>(scorer.score(store, plan.instants, plan.pairs, seed)?.accuracies());
        let (sync_accuracy, flip_accuracy) = accuracies(moments.trained())?;
        let (held_out_sync_accuracy, held_out_flip_accuracy) = accuracies(moments.held_out())?;
        let evaluation =
            PairEvaluation { sync_accuracy, flip_accuracy, held_out_sync_accuracy, held_out_flip_accuracy };
        self.evaluation = Some((self.steps(), evaluation));
        self.serve_if_better()?;
        Ok(evaluation)
    }

    /// Recomputes BatchNorm statistics and scores `pairs` pairs per head on training instants.
    pub fn score_trained(&mut self, pairs: usize) -> Result<PairScores, LearnError> {
        self.score_with(Sight::Both, pairs)
    }

    pub(crate) fn score_with(&mut self, sight: Sight, pairs: usize) -> Result<PairScores, LearnError> {
        self.trainer.recalibrate()?;
        self.scorer(sight).score(self.source().moments.trained(), usize::MAX, pairs, self.evaluation_seed())
    }

    fn scorer(&self, sight: Sight) -> Scorer<'_> {
        let wanted = self.trainer.objective().task.wants();
        Scorer { net: self.net(), precision: self.trainer.precision(), recipe: self.recipe(), wanted, sight }
    }

    fn evaluation_seed(&self) -> u64 {
        seeds::of_learner(self.recipe().seed, self.steps(), Purpose::Evaluation)
    }

    /// Steps so far, including those before a resume.
    pub fn steps(&self) -> u64 {
        self.trainer.steps()
    }

    pub fn recipe(&self) -> &PretrainRecipe {
        &self.source().moments.recipe
    }

    /// The network as it is trained.
    pub fn net(&self) -> &SyncNet {
        &self.trainer.objective().net
    }

    /// The copy of it that others get.
    pub fn served(&self) -> &SyncNet {
        let objective = self.trainer.objective();
        objective.copies.as_ref().map_or(&objective.net, Copies::served)
    }

    /// The running mean of its weights, if the recipe asks for one.
    pub fn average(&self) -> Option<&SyncNet> {
        self.trainer.objective().copies.as_ref().map(Copies::average)
    }

    pub fn precision(&self) -> Precision {
        self.trainer.precision()
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
    Learner::check_memory(&recipe)?;
    let precision = recipe.choose_precision(device)?;
    let net = SyncNet::new(&recipe.net(), device, Kind::Float).map_err(during("creating the network"))?;
    let (adamw, schedule) = from_recipe::of_learner(&recipe);
    let copies = match recipe.served {
        Served::Trained => None,
        Served::Average { decay, .. } => Some(Copies::of(&net, decay).map_err(during("copying the network"))?),
    };
    let source = LiveMoments::new(recipe, task.wants().index);
    let objective = Pretraining { copies, ..Pretraining::new(task, net, source) };
    Ok((objective, TrainerSettings { adamw, schedule, precision }))
}
