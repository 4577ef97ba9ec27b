//! A pose model from rendered people: pretraining and transfer, one after the other, in legs that can end after any step.

use std::path::{Path, PathBuf};

use model::{PoseModel, Precision};
use recipe::{Start, TrainRecipe};

use super::stages::{Stage, StageSetup};
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
    /// Steps of the stage so far, and all that it has.
    pub step: u64,
    pub steps: u64,
    /// Pictures of this step.
    pub pictures: usize,
    pub losses: StageLosses,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum StageLosses {
    /// Both heads' cross-entropies; a guess costs 2.77.
    Sync(f64),
    Transfer(TransferLosses),
}

/// What the next step will see.
#[derive(Clone, Debug, PartialEq)]
pub enum NextDraw {
    Sync(TakesDraw),
    Transfer(Vec<u32>),
}

/// Trains a pose model on a dataset: pretraining, then transfer. Its checkpoints lie in a folder; made anew for the
/// same folder, it goes on from them and draws as an unbroken training would.
pub struct PoseTraining<'a> {
    recipe: &'a TrainRecipe,
    dataset: &'a Dataset,
    folder: PathBuf,
    precision: Precision,
    stage: Stage<'a>,
    sync_accuracy: Option<SyncAccuracy>,
}

impl<'a> PoseTraining<'a> {
    /// Starts, or goes on where the folder's checkpoints are. `encoder` is the finished pretraining of another folder
    /// (its `sync.safetensors`), which then takes the place of this one's.
    ///
    /// # Errors
    /// A checkpoint that is damaged, or of another recipe or session; an encoder whose pretraining has not ended or that
    /// the recipe has no use for; a dataset without pairs or labels.
    pub fn new(
        recipe: &'a TrainRecipe,
        dataset: &'a Dataset,
        folder: &Path,
        encoder: Option<&Path>,
    ) -> Result<Self, LearnError> {
        if dataset.rows(Split::Train).is_empty() {
            let split = Split::Train.name();
            return Err(LearnError::TooFew(format!(
                "no take of the session has the split `{split}`: there is nothing to learn from"
            )));
        }
        let precision = recipe.choose_precision(dataset.device())?;
        let setup = StageSetup { recipe, dataset, precision };
        let (sync, transfer) = (folder.join(SYNC_FILE), folder.join(TRANSFER_FILE));
        let stage = if transfer.exists() {
            setup.transfer_resumed(&transfer)?
        } else if let Some(encoder) = encoder {
            if recipe.transfer.from == Start::Random {
                let problem = "the recipe starts from random values (transfer.from): leave the encoder out".to_owned();
                return Err(LearnError::Checkpoint { path: encoder.to_owned(), problem });
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

    /// Steps of this stage so far, and all that it has.
    pub fn progress(&self) -> (u64, u64) {
        match &self.stage {
            Stage::Sync(trainer) => (trainer.steps(), trainer.total_steps()),
            Stage::Transfer(trainer) => (trainer.steps(), trainer.total_steps()),
        }
    }

    /// Pictures of a step of this stage, at most.
    pub fn pictures_per_step(&self) -> u64 {
        match &self.stage {
            Stage::Sync(trainer) => trainer.objective().source.images_per_step,
            Stage::Transfer(_) => self.recipe.transfer.batch as u64,
        }
    }

    pub fn done(&self) -> bool {
        matches!(&self.stage, Stage::Transfer(trainer) if trainer.done())
    }

    /// How pretraining ended, once it has in this process.
    pub fn sync_accuracy(&self) -> Option<SyncAccuracy> {
        self.sync_accuracy
    }

    /// What the next step will see.
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

    /// One step. The last one of pretraining also writes its checkpoint and goes over to transfer.
    ///
    /// # Errors
    /// A loss that is no number, before it reaches the weights; a device or a disk that fails.
    pub fn step(&mut self) -> Result<StageStep, LearnError> {
        let stage = self.stage();
        let (pictures, losses) = match &mut self.stage {
            Stage::Sync(trainer) => {
                let report = trainer.step()?.ok_or_else(nothing_drawn)?.report;
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

    /// From pretraining to transfer, when it is time.
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

    /// Writes a checkpoint, whole or not at all.
    pub fn save(&self) -> Result<(), LearnError> {
        match &self.stage {
            Stage::Sync(trainer) => trainer.save(&self.folder.join(SYNC_FILE)),
            Stage::Transfer(trainer) => trainer.save(&self.folder.join(TRANSFER_FILE)),
        }
    }

    /// The pose model as it is now, BatchNorm's statistics taken anew, which changes nothing in the training; `None`
    /// during pretraining.
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
    LearnError::TooFew("the session has nothing to draw from".to_owned())
}
