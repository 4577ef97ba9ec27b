//! Trains a pose model on rendered people: pretraining, then transfer. Training can stop after any step and be resumed.

use std::path::{Path, PathBuf};

use model::{PoseModel, Precision};
use recipe::{Start, TrainRecipe};

use super::stages::{EncoderFile, Stage, StageSetup};
use crate::LearnError;
use crate::data::rendered::{Dataset, Split};
use crate::eval::sync_accuracy::SyncAccuracy;
use crate::from_recipe::NetRecipe;
use crate::objectives::pretraining::TakesDraw;
use crate::objectives::transfer::TransferLosses;

const SYNC_FILE: &str = "sync.safetensors";
const TRANSFER_FILE: &str = "transfer.safetensors";

/// One step of either stage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StageStep {
    pub stage: &'static str,
    /// Steps of the stage so far, including this one.
    pub step: u64,
    /// All steps of the stage.
    pub steps: u64,
    /// Number of pictures in this step.
    pub pictures: usize,
    pub losses: StageLosses,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StageLosses {
    /// Sum of both heads' cross-entropies. Chance level is 4 ln 2 ≈ 2.77; half of it where one head alone learns.
    Sync(f64),
    Transfer(TransferLosses),
}

/// The input of the next step.
#[derive(Clone, Debug, PartialEq)]
pub enum NextDraw {
    Sync(TakesDraw),
    Transfer(Vec<u32>),
}

/// Trains a pose model on a dataset: pretraining, then transfer. Its checkpoints are in a folder. Constructed again for
/// the same folder, it resumes from them and draws the same as an uninterrupted run.
pub struct PoseTraining<'a> {
    recipe: &'a TrainRecipe,
    dataset: &'a Dataset,
    folder: PathBuf,
    precision: Precision,
    stage: Stage<'a>,
    sync_accuracy: Option<SyncAccuracy>,
}

impl<'a> PoseTraining<'a> {
    /// Starts training, or resumes from the folder's checkpoints. `encoder` is the `sync.safetensors` of
    /// another folder, used instead of pretraining here; it is ignored if the folder already has a transfer checkpoint.
    ///
    /// # Errors
    /// If a checkpoint is damaged or from another recipe or session; `encoder` is not fully pretrained, or the recipe
    /// starts from random weights; or the dataset has no pairs or labels to train on.
    pub fn new(
        recipe: &'a TrainRecipe,
        dataset: &'a Dataset,
        folder: &Path,
        encoder: Option<&EncoderFile>,
    ) -> Result<Self, LearnError> {
        if dataset.rows(Split::Train).is_empty() {
            let split = Split::Train.name();
            return Err(LearnError::TooFew(format!(
                "no take of the session has the split `{split}`: there is nothing to train on"
            )));
        }
        let precision = recipe.choose_precision(dataset.device())?;
        let setup = StageSetup { recipe, dataset, precision };
        let (sync, transfer) = (folder.join(SYNC_FILE), folder.join(TRANSFER_FILE));
        let stage = if transfer.exists() {
            setup.transfer_resumed(&transfer)?
        } else if let Some(encoder) = encoder {
            if recipe.transfer.from == Start::Random {
                let problem = "the recipe starts from random weights (transfer.from): leave the encoder out".to_owned();
                return Err(LearnError::Checkpoint { path: encoder.path.clone(), problem });
            }
            setup.transfer_of_file(encoder)?
        } else if recipe.transfer.from == Start::Random {
            setup.transfer_of_random()?
        } else {
            setup.pretraining(sync.exists().then_some(&sync))?
        };
        let mut training = Self { recipe, dataset, folder: folder.to_owned(), precision, stage, sync_accuracy: None };
        training.advance()?;
        Ok(training)
    }

    pub fn precision(&self) -> Precision {
        self.precision
    }

    pub fn stage(&self) -> &'static str {
        match &self.stage {
            Stage::Sync(_) => "sync",
            Stage::Transfer(_) => "transfer",
        }
    }

    /// Steps of this stage so far, and its total steps.
    pub fn progress(&self) -> (u64, u64) {
        match &self.stage {
            Stage::Sync(trainer) => (trainer.steps(), trainer.total_steps()),
            Stage::Transfer(trainer) => (trainer.steps(), trainer.total_steps()),
        }
    }

    /// Largest number of pictures in a step of this stage.
    pub fn pictures_per_step(&self) -> u64 {
        match &self.stage {
            Stage::Sync(trainer) => trainer.objective().source.images_per_step,
            Stage::Transfer(_) => self.recipe.transfer.batch as u64,
        }
    }

    pub fn done(&self) -> bool {
        matches!(&self.stage, Stage::Transfer(trainer) if trainer.done())
    }

    /// Accuracy at the end of pretraining; `None` unless pretraining ended in this process.
    pub fn sync_accuracy(&self) -> Option<SyncAccuracy> {
        self.sync_accuracy
    }

    /// The input of the next step.
    pub fn next_draw(&mut self) -> Result<NextDraw, LearnError> {
        Ok(match &mut self.stage {
            Stage::Sync(trainer) => {
                NextDraw::Sync(trainer.objective().draw_of(trainer.steps())?.ok_or_else(nothing_drawn)?)
            }
            Stage::Transfer(trainer) => {
                let step = trainer.steps();
                NextDraw::Transfer(trainer.objective_mut().draw_of(step))
            }
        })
    }

    /// One optimiser step. The last step of pretraining also writes its checkpoint and starts transfer.
    ///
    /// # Errors
    /// If the loss is not finite (the weights are then unchanged), or the device or disk fails.
    pub fn step(&mut self) -> Result<StageStep, LearnError> {
        let stage = self.stage();
        let (pictures, losses) = match &mut self.stage {
            Stage::Sync(trainer) => {
                let report = trainer.step()?.ok_or_else(nothing_drawn)?.report.step;
                (report.images, StageLosses::Sync(report.loss))
            }
            Stage::Transfer(trainer) => {
                let report = trainer.step()?.ok_or_else(nothing_drawn)?.report;
                (self.recipe.transfer.batch, StageLosses::Transfer(report))
            }
        };
        let (step, steps) = self.progress();
        self.advance()?;
        Ok(StageStep { stage, step, steps, pictures, losses })
    }

    /// Starts transfer if pretraining has finished.
    fn advance(&mut self) -> Result<(), LearnError> {
        let Stage::Sync(trainer) = &mut self.stage else { return Ok(()) };
        if !trainer.done() {
            return Ok(());
        }
        trainer.recalibrate()?;
        self.sync_accuracy = Some(SyncAccuracy::of(trainer.objective(), self.precision)?);
        trainer.save(&self.folder.join(SYNC_FILE))?;
        let setup = StageSetup { recipe: self.recipe, dataset: self.dataset, precision: self.precision };
        self.stage = setup.transfer_of(&trainer.objective().net)?;
        Ok(())
    }

    /// Writes a checkpoint atomically.
    pub fn save(&self) -> Result<(), LearnError> {
        match &self.stage {
            Stage::Sync(trainer) => trainer.save(&self.folder.join(SYNC_FILE)),
            Stage::Transfer(trainer) => trainer.save(&self.folder.join(TRANSFER_FILE)),
        }
    }

    /// The current pose model, with recomputed BatchNorm statistics, which does not affect training; `None` during
    /// pretraining.
    pub fn model(&mut self) -> Result<Option<&PoseModel>, LearnError> {
        match &mut self.stage {
            Stage::Sync(_) => Ok(None),
            Stage::Transfer(trainer) => {
                trainer.recalibrate()?;
                Ok(Some(trainer.objective().model()))
            }
        }
    }
}

fn nothing_drawn() -> LearnError {
    LearnError::TooFew("the session has no pictures to train on".to_owned())
}
