//! Both stages one after the other, in legs that can end after any step.

use std::path::{Path, PathBuf};

use model::{PoseModel, Precision, SyncNet, checkpoint};
use recipe::{Start, TrainRecipe};
use serde::{Deserialize, Serialize};
use tch::Kind;

use super::RenderedError;
use super::dataset::{Dataset, Split};
use super::error::during;
use super::sync_stage::{SyncDraw, SyncStage};
use super::transfer::{TransferLosses, TransferStage};
use crate::NetRecipe;

/// Batches over which BatchNorm's statistics are taken anew.
pub(crate) const STEADY_BATCHES: u64 = 16;
/// Batches of pairs that pretraining's accuracy is measured on.
const ACCURACY_BATCHES: u64 = 24;

const SYNC_FILE: &str = "sync.safetensors";
const TRANSFER_FILE: &str = "transfer.safetensors";

/// What a checkpoint carries beside tensors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Kept {
    pub steps: u64,
    /// Of the whole stage; earlier builds did not say.
    #[serde(default)]
    pub total_steps: u64,
    pub recipe: String,
    /// Pictures to learn from: another session is another training.
    pub pictures: usize,
}

pub(crate) fn kept(
    recipe: &TrainRecipe,
    dataset: &Dataset,
    [steps, total_steps]: [u64; 2],
) -> Result<serde_json::Value, RenderedError> {
    let kept = Kept { steps, total_steps, recipe: recipe.identity()?, pictures: to_learn_from(dataset) };
    serde_json::to_value(kept).map_err(|e| RenderedError::Nothing(e.to_string()))
}

impl Kept {
    /// From a checkpoint's state; `path` names it in errors.
    pub fn of(path: &Path, state: serde_json::Value) -> Result<Self, RenderedError> {
        serde_json::from_value(state).map_err(|error| RenderedError::Checkpoint {
            path: path.to_owned(),
            problem: format!("it does not say how far it is: {error}"),
        })
    }

    /// Whether a training with this recipe and dataset can go on.
    pub fn check(&self, path: &Path, recipe: &TrainRecipe, dataset: &Dataset) -> Result<(), RenderedError> {
        let wrong = |problem: String| Err(RenderedError::Checkpoint { path: path.to_owned(), problem });
        let mine = recipe.identity()?;
        if self.recipe != mine {
            let other = mine.lines().zip(self.recipe.lines()).find(|(a, b)| a != b);
            let (mine, theirs) = other.unwrap_or(("another recipe", "another recipe"));
            return wrong(format!(
                "it was trained with `{theirs}`, the recipe has `{mine}`: go on with the same recipe, or name another folder"
            ));
        }
        let pictures = to_learn_from(dataset);
        if self.pictures != pictures {
            return wrong(format!(
                "it was trained on a session with {} pictures to learn from, this one has {pictures}: name another folder",
                self.pictures
            ));
        }
        Ok(())
    }
}

fn to_learn_from(dataset: &Dataset) -> usize {
    dataset.rows(Split::Train).len() + dataset.rows(Split::Recorded).len()
}

enum Stage<'a> {
    Sync(Box<SyncStage<'a>>),
    Transfer(Box<TransferStage<'a>>),
}

/// One step of either stage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepReport {
    pub stage: &'static str,
    /// Steps of the stage so far, and all that it has.
    pub step: u64,
    pub steps: u64,
    /// Pictures of this step.
    pub pictures: usize,
    pub losses: Losses,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Losses {
    /// Both heads' cross-entropies; a guess costs 2.77.
    Sync(f64),
    Transfer(TransferLosses),
}

/// Accuracies at the end of pretraining, synchronised and mirrored, chance 0.5.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SyncAccuracy {
    pub trained: Option<[f64; 2]>,
    /// On people and clips that were held out.
    pub held_out: Option<[f64; 2]>,
}

/// What the next step will see.
#[derive(Clone, Debug, PartialEq)]
pub enum NextDraw {
    Sync(SyncDraw),
    Transfer(Vec<u32>),
}

/// Trains a pose model on a dataset: pretraining, then transfer. Its checkpoints lie in a folder; made anew for the
/// same folder, it goes on from them and draws as an unbroken training would.
pub struct Trainer<'a> {
    recipe: &'a TrainRecipe,
    dataset: &'a Dataset,
    folder: PathBuf,
    precision: Precision,
    stage: Stage<'a>,
    sync_accuracy: Option<SyncAccuracy>,
}

impl<'a> Trainer<'a> {
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
    ) -> Result<Self, RenderedError> {
        if dataset.rows(Split::Train).is_empty() {
            let split = Split::Train.name();
            return Err(RenderedError::Nothing(format!(
                "no take of the session has the split `{split}`: there is nothing to learn from"
            )));
        }
        let precision = recipe.choose_precision(dataset.device())?;
        let (sync, transfer) = (folder.join(SYNC_FILE), folder.join(TRANSFER_FILE));
        let stage = if transfer.exists() {
            Stage::Transfer(Box::new(TransferStage::resume(recipe, dataset, precision, &transfer)?))
        } else if let Some(encoder) = encoder {
            if recipe.transfer.from == Start::Random {
                let problem = "the recipe starts from random values (transfer.from): leave the encoder out".to_owned();
                return Err(RenderedError::Checkpoint { path: encoder.to_owned(), problem });
            }
            Stage::Transfer(Box::new(from_file(recipe, dataset, precision, encoder)?))
        } else if recipe.transfer.from == Start::Random {
            let net =
                SyncNet::new(&recipe.net(), dataset.device(), Kind::Float).map_err(during("making the network"))?;
            let stage = TransferStage::new(recipe, dataset, precision, &net, "random".to_owned())?;
            Stage::Transfer(Box::new(stage))
        } else {
            let mut stage = SyncStage::new(recipe, dataset, precision)?;
            if sync.exists() {
                stage.resume(&sync)?;
            }
            Stage::Sync(Box::new(stage))
        };
        let mut trainer = Self { recipe, dataset, folder: folder.to_owned(), precision, stage, sync_accuracy: None };
        trainer.advance()?;
        Ok(trainer)
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
            Stage::Sync(stage) => (stage.steps, stage.total_steps()),
            Stage::Transfer(stage) => (stage.steps, stage.total_steps()),
        }
    }

    /// Pictures of a step of this stage, at most.
    pub fn pictures_per_step(&self) -> u64 {
        match &self.stage {
            Stage::Sync(stage) => stage.images_per_step,
            Stage::Transfer(_) => self.recipe.transfer.batch as u64,
        }
    }

    pub fn done(&self) -> bool {
        matches!(&self.stage, Stage::Transfer(stage) if stage.done())
    }

    /// How pretraining ended, once it has in this process.
    pub fn sync_accuracy(&self) -> Option<SyncAccuracy> {
        self.sync_accuracy
    }

    /// What the next step will see.
    pub fn next_draw(&mut self) -> Result<NextDraw, RenderedError> {
        Ok(match &mut self.stage {
            Stage::Sync(stage) => NextDraw::Sync(stage.draw_of(stage.steps)?),
            Stage::Transfer(stage) => NextDraw::Transfer(stage.draw_of(stage.steps)),
        })
    }

    /// One step. The last one of pretraining also writes its checkpoint and goes over to transfer.
    ///
    /// # Errors
    /// A loss that is no number, before it reaches the weights; a device or a disk that fails.
    pub fn step(&mut self) -> Result<StepReport, RenderedError> {
        let stage = self.stage();
        let (pictures, losses) = match &mut self.stage {
            Stage::Sync(stage) => stage.step().map(|(pictures, loss)| (pictures, Losses::Sync(loss)))?,
            Stage::Transfer(stage) => stage.step().map(|(pictures, losses)| (pictures, Losses::Transfer(losses)))?,
        };
        let (step, steps) = self.progress();
        self.advance()?;
        Ok(StepReport { stage, step, steps, pictures, losses })
    }

    /// From pretraining to transfer, when it is time.
    fn advance(&mut self) -> Result<(), RenderedError> {
        let Stage::Sync(stage) = &self.stage else { return Ok(()) };
        if !stage.done() {
            return Ok(());
        }
        stage.recalibrate()?;
        self.sync_accuracy = Some(SyncAccuracy {
            trained: stage.accuracies(Split::Train, ACCURACY_BATCHES)?,
            held_out: stage.accuracies(Split::HeldOut, ACCURACY_BATCHES)?,
        });
        stage.save(&self.folder.join(SYNC_FILE))?;
        let version = encoder_version(stage.net(), self.recipe)?;
        let next = TransferStage::new(self.recipe, self.dataset, self.precision, stage.net(), version)?;
        self.stage = Stage::Transfer(Box::new(next));
        Ok(())
    }

    /// Writes a checkpoint, whole or not at all.
    pub fn save(&self) -> Result<(), RenderedError> {
        match &self.stage {
            Stage::Sync(stage) => stage.save(&self.folder.join(SYNC_FILE)),
            Stage::Transfer(stage) => stage.save(&self.folder.join(TRANSFER_FILE)),
        }
    }

    /// The pose model as it is now, BatchNorm's statistics taken anew, which changes nothing in the training; `None`
    /// during pretraining.
    pub fn model(&mut self) -> Result<Option<&PoseModel>, RenderedError> {
        match &mut self.stage {
            Stage::Sync(_) => Ok(None),
            Stage::Transfer(stage) => {
                stage.recalibrate()?;
                Ok(Some(stage.model()))
            }
        }
    }
}

fn encoder_version(net: &SyncNet, recipe: &TrainRecipe) -> Result<String, RenderedError> {
    let mut encoder = net.tensors();
    encoder.retain(|(name, _)| name.starts_with("encoder."));
    let preprocessing = format!("{:016x}", recipe.preprocessing().hash());
    model::version(&encoder, &preprocessing).map_err(during("hashing the encoder"))
}

fn from_file<'a>(
    recipe: &'a TrainRecipe,
    dataset: &'a Dataset,
    precision: Precision,
    path: &Path,
) -> Result<TransferStage<'a>, RenderedError> {
    let (net, meta) = checkpoint::open(path, dataset.device()).map_err(during("reading the encoder"))?;
    if meta.net.width != i64::from(recipe.width) {
        let problem = format!("its encoder has width {}, the recipe {}", meta.net.width, recipe.width);
        return Err(RenderedError::Checkpoint { path: path.to_owned(), problem });
    }
    let kept = Kept::of(path, meta.state)?;
    if kept.steps < kept.total_steps {
        let problem = format!("its pretraining is at step {} of {}: go on with it first", kept.steps, kept.total_steps);
        return Err(RenderedError::Checkpoint { path: path.to_owned(), problem });
    }
    let version = encoder_version(&net, recipe)?;
    TransferStage::new(recipe, dataset, precision, &net, version)
}
