//! The one trainer: it takes any [`Objective`] through its steps.

mod objective;

use std::path::Path;

use model::{AdamW, AdamWConfig, Cosine, Precision, autocast, training_file};

use crate::LearnError;
use crate::error::during;
pub use objective::{Loss, Objective, Resumable};

/// How an objective is trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrainerSettings {
    pub adamw: AdamWConfig,
    pub schedule: Cosine,
    pub precision: Precision,
}

/// One step that was taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step<R> {
    /// Steps so far, with this one.
    pub steps: u64,
    pub report: R,
}

/// Owns an objective, its optimiser and its schedule, and counts its steps.
pub struct Trainer<T> {
    objective: T,
    optimiser: AdamW,
    schedule: Cosine,
    precision: Precision,
    steps: u64,
}

impl<T: Objective> Trainer<T> {
    /// A training that begins.
    ///
    /// # Errors
    /// A device without the memory.
    pub fn new(objective: T, settings: TrainerSettings) -> Result<Self, LearnError> {
        let TrainerSettings { adamw, schedule, precision } = settings;
        let optimiser = AdamW::new(adamw, objective.trainable()).map_err(during("making the optimiser"))?;
        Ok(Self { objective, optimiser, schedule, precision, steps: 0 })
    }

    /// One step. `None`, without having changed anything, while the data hold nothing to learn from.
    ///
    /// # Errors
    /// A loss that training cannot go on from, before it reaches the weights; a device that fails.
    pub fn step(&mut self) -> Result<Option<Step<T::Report>>, LearnError> {
        let Some(batch) = self.objective.draw(self.steps)? else { return Ok(None) };
        let failed = during("a training step");
        self.optimiser.zero_grad().map_err(&failed)?;
        let loss = autocast(self.precision, self.objective.device(), || self.objective.loss(&batch));
        let Loss { minimised, report } = loss.map_err(&failed)?;
        if let Some(loss) = self.objective.diverged(&report) {
            return Err(LearnError::Diverged { objective: self.objective.name(), step: self.steps, loss });
        }
        minimised.f_backward().map_err(|e| failed(e.into()))?;
        self.optimiser.step(self.learning_rate()).map_err(&failed)?;
        self.steps += 1;
        Ok(Some(Step { steps: self.steps, report }))
    }

    /// Takes BatchNorm's statistics anew over batches as training draws them: the running ones lag behind the weights.
    /// That changes nothing in the training, which normalises by each batch's own.
    pub fn recalibrate(&mut self) -> Result<(), LearnError> {
        let pictures = self.objective.recalibration(self.steps)?;
        autocast(self.precision, self.objective.device(), || self.objective.recalibrate(pictures))
            .map_err(during("taking BatchNorm's statistics anew"))
    }

    /// Steps so far, over all processes.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Steps that the schedule has.
    pub fn total_steps(&self) -> u64 {
        self.schedule.total_steps
    }

    pub fn done(&self) -> bool {
        self.steps >= self.total_steps()
    }

    /// That of the next step.
    pub fn learning_rate(&self) -> f64 {
        self.schedule.at(self.steps)
    }

    pub fn precision(&self) -> Precision {
        self.precision
    }

    pub fn objective(&self) -> &T {
        &self.objective
    }

    pub fn objective_mut(&mut self) -> &mut T {
        &mut self.objective
    }

    /// Ends the training.
    pub fn into_objective(self) -> T {
        self.objective
    }
}

impl<T: Resumable> Trainer<T> {
    /// Goes on from a file of [`Self::save`]: tensors, optimiser and step, from which the draws to come follow, too.
    ///
    /// # Errors
    /// A file that is damaged or of another training, with the remedy.
    pub fn resume(objective: T, settings: TrainerSettings, path: &Path) -> Result<Self, LearnError> {
        let mut trainer = Self::new(objective, settings)?;
        let meta = training_file::load(path, trainer.objective.tensors(), Some(&trainer.optimiser));
        trainer.steps = trainer.objective.resume(path, meta.map_err(during("resuming"))?)?;
        Ok(trainer)
    }

    /// Writes everything that [`Self::resume`] needs, whole or not at all.
    pub fn save(&self, path: &Path) -> Result<(), LearnError> {
        let meta = self.objective.meta(self.steps)?;
        training_file::save(path, self.objective.tensors(), Some(&self.optimiser), &meta)
            .map_err(during("writing a checkpoint"))
    }
}
