//! The training loop for any [`Objective`].

mod objective;

use std::path::Path;

use model::{AdamW, AdamWConfig, Cosine, ModelError, Precision, Processes, autocast, training_file};
use tch::Tensor;

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

/// One completed step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step<R> {
    /// Steps so far, including this one.
    pub steps: u64,
    pub report: R,
}

/// An objective with its optimiser, schedule and step counter.
pub struct Trainer<T> {
    objective: T,
    optimiser: AdamW,
    schedule: Cosine,
    precision: Precision,
    steps: u64,
}

impl<T: Objective> Trainer<T> {
    /// Starts training at step 0.
    ///
    /// # Errors
    /// If the device runs out of memory.
    pub fn new(objective: T, settings: TrainerSettings) -> Result<Self, LearnError> {
        let TrainerSettings { adamw, schedule, precision } = settings;
        let optimiser = AdamW::new(adamw, objective.trainable()).map_err(during("creating the optimiser"))?;
        Ok(Self { objective, optimiser, schedule, precision, steps: 0 })
    }

    /// One optimiser step. Returns `None` and changes nothing if there are no data to train on yet.
    ///
    /// # Errors
    /// If the loss has diverged (the weights are then unchanged) or the device fails.
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
        Processes::average_gradients(self.optimiser.parameters()).map_err(&failed)?;
        self.optimiser.step(self.learning_rate()).map_err(&failed)?;
        self.steps += 1;
        Ok(Some(Step { steps: self.steps, report }))
    }

    /// Recomputes BatchNorm statistics over batches drawn as in training, since the running ones lag behind the
    /// weights. Training is unaffected: it normalises by the statistics of each batch.
    pub fn recalibrate(&mut self) -> Result<(), LearnError> {
        let pictures = self.objective.recalibration(self.steps)?;
        autocast(self.precision, self.objective.device(), || self.objective.recalibrate(pictures))
            .map_err(during("recomputing BatchNorm statistics"))
    }

    /// Steps so far, including those before a resume.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Length of the schedule in steps.
    pub fn total_steps(&self) -> u64 {
        self.schedule.total_steps
    }

    pub fn done(&self) -> bool {
        self.steps >= self.total_steps()
    }

    /// Learning rate of the next step.
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

    /// Ends training and returns the objective.
    pub fn into_objective(self) -> T {
        self.objective
    }
}

impl<T: Resumable> Trainer<T> {
    /// Takes weights and optimiser state back to a file written by [`Self::save`], after they became useless. The step
    /// number moves on by one, so that the draws that follow are others than those that led there.
    ///
    /// # Errors
    /// If the file is damaged or belongs to another training run. Nothing has changed then.
    pub fn roll_back(&mut self, path: &Path) -> Result<(), LearnError> {
        let (tensors, optimiser) = (self.objective.tensors(), Some(&self.optimiser));
        training_file::load::<T::Meta>(path, tensors, optimiser).map_err(during("going back to a checkpoint"))?;
        self.load_beside(path)?;
        self.steps += 1;
        Ok(())
    }

    fn load_beside(&mut self, path: &Path) -> Result<(), LearnError> {
        let failed = during("reading a checkpoint");
        if self.objective.beside().is_empty() {
            return Ok(());
        }
        if !training_file::load_beside(path, self.objective.beside()).map_err(&failed)? {
            self.objective.begin_beside().map_err(&failed)?;
        }
        Ok(())
    }

    /// Resumes from a file written by [`Self::save`]: weights, optimiser state and step number, which also determines
    /// the coming draws.
    ///
    /// # Errors
    /// If the file is damaged or belongs to another training run. The message says what to do.
    pub fn resume(objective: T, settings: TrainerSettings, path: &Path) -> Result<Self, LearnError> {
        let mut trainer = Self::new(objective, settings)?;
        let meta = training_file::load(path, trainer.objective.tensors(), Some(&trainer.optimiser));
        trainer.steps = trainer.objective.resume(path, meta.map_err(during("resuming"))?)?;
        trainer.load_beside(path)?;
        if !are_finite(&trainer.objective.tensors()).map_err(during("checking weights"))? {
            let problem = "its weights are no numbers: its training diverged; move it away to begin anew".to_owned();
            return Err(LearnError::Checkpoint { path: path.to_owned(), problem });
        }
        Ok(trainer)
    }

    /// Writes a checkpoint for [`Self::resume`], atomically. Of several processes only the first does.
    ///
    /// # Errors
    /// If it cannot be written, or a weight is no number: the file stays as it was.
    pub fn save(&self, path: &Path) -> Result<(), LearnError> {
        let finite =
            are_finite(&self.objective.tensors()).and_then(|net| Ok(net && are_finite(&self.objective.beside())?));
        if !finite.map_err(during("checking weights"))? {
            let objective = self.objective.name();
            return Err(LearnError::Diverged { objective, step: self.steps, loss: f64::NAN });
        }
        if !Processes::is_first() {
            return Ok(());
        }
        let meta = self.objective.meta(self.steps)?;
        let mut tensors = self.objective.tensors();
        tensors.extend(self.objective.beside());
        training_file::save(path, tensors, Some(&self.optimiser), &meta).map_err(during("writing a checkpoint"))
    }
}

/// Whether all values are numbers.
fn are_finite(tensors: &[(String, Tensor)]) -> Result<bool, ModelError> {
    tch::no_grad(|| {
        tensors
            .iter()
            .try_fold(true, |all, (_, tensor)| Ok(all && tensor.f_isfinite()?.f_all()?.f_int64_value(&[])? != 0))
    })
}
