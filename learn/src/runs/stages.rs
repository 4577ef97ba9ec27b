//! The two stages of training on rendered people, and how each starts or resumes.

use std::path::{Path, PathBuf};

use model::{Precision, SyncNet, checkpoint};
use recipe::{Initial, TrainRecipe};
use tch::Kind;

use crate::LearnError;
use crate::data::rendered::Dataset;
use crate::error::during;
use crate::from_recipe::{self, NetRecipe};
use crate::objectives::Sync;
use crate::objectives::pretraining::{Pretraining, RenderedTakes};
use crate::objectives::stage_state::StageState;
use crate::objectives::transfer::Transfer;
use crate::trainer::{Trainer, TrainerSettings};

/// A pretraining of another folder, to start transfer from.
#[derive(Clone, Debug)]
pub struct EncoderFile {
    pub path: PathBuf,
    /// Also take one that has not ended, as it is.
    pub may_be_unfinished: bool,
}

pub(super) enum Stage<'a> {
    Sync(Box<Trainer<Pretraining<RenderedTakes<'a>>>>),
    Transfer(Box<Trainer<Transfer<'a>>>),
}

/// Everything needed to construct a stage.
pub(super) struct StageSetup<'a> {
    pub recipe: &'a TrainRecipe,
    pub dataset: &'a Dataset,
    pub precision: Precision,
}

impl<'a> StageSetup<'a> {
    /// Pretraining, from the start or resumed from a checkpoint.
    pub fn pretraining(&self, checkpoint: Option<&PathBuf>) -> Result<Stage<'a>, LearnError> {
        let Self { recipe, dataset, precision } = *self;
        // A checkpoint has all values.
        let net = if checkpoint.is_some() { self.random()? } else { self.initial()? };
        let source = RenderedTakes::new(recipe, dataset)?;
        let (adamw, schedule) = from_recipe::of_pretraining(&recipe.sync, source.images_per_step);
        let task = Box::new(Sync::on_take(&recipe.sync));
        let (objective, settings) =
            (Pretraining::new(task, net, source), TrainerSettings { adamw, schedule, precision });
        let trainer = match checkpoint {
            Some(path) => Trainer::resume(objective, settings, path)?,
            None => Trainer::new(objective, settings)?,
        };
        Ok(Stage::Sync(Box::new(trainer)))
    }

    /// Transfer resumed from its checkpoint.
    pub fn transfer_resumed(&self, path: &Path) -> Result<Stage<'a>, LearnError> {
        let objective = Transfer::open(self.recipe, self.dataset, path)?;
        Ok(Stage::Transfer(Box::new(Trainer::resume(objective, self.transfer_settings(), path)?)))
    }

    /// Transfer without pretraining, from the recipe's initial values.
    pub fn transfer_of_random(&self) -> Result<Stage<'a>, LearnError> {
        let version = match self.recipe.initial {
            Initial::Random => "random",
            Initial::ImageNet { .. } => "imagenet",
        };
        self.transfer(&self.initial()?, version.to_owned())
    }

    /// Transfer from a file with a pretraining.
    pub fn transfer_of_file(&self, encoder: &EncoderFile) -> Result<Stage<'a>, LearnError> {
        let path = encoder.path.as_path();
        let (net, meta) = checkpoint::open(path, self.dataset.device()).map_err(during("reading the encoder"))?;
        let wrong = |problem: String| Err(LearnError::Checkpoint { path: path.to_owned(), problem });
        if meta.net.width != i64::from(self.recipe.width) {
            return wrong(format!("its encoder has width {}, the recipe {}", meta.net.width, self.recipe.width));
        }
        if meta.net.network != self.recipe.network {
            return wrong(format!("its encoder is a {:?}, the recipe's a {:?}", meta.net.network, self.recipe.network));
        }
        let StageState { steps, total_steps, .. } = StageState::of(path, meta.state)?;
        if steps < total_steps && !encoder.may_be_unfinished {
            return wrong(format!(
                "its pretraining is at step {steps} of {total_steps}: finish it first, or say that it may be unfinished"
            ));
        }
        self.transfer_of(&net)
    }

    /// Transfer from a pretrained encoder.
    pub fn transfer_of(&self, net: &SyncNet) -> Result<Stage<'a>, LearnError> {
        let preprocessing = format!("{:016x}", self.recipe.preprocessing().hash());
        let version = net.encoder_version(&preprocessing).map_err(during("hashing the encoder"))?;
        self.transfer(net, version)
    }

    fn transfer(&self, encoder: &SyncNet, version: String) -> Result<Stage<'a>, LearnError> {
        let objective = Transfer::new(self.recipe, self.dataset, self.precision, encoder, version)?;
        Ok(Stage::Transfer(Box::new(Trainer::new(objective, self.transfer_settings())?)))
    }

    fn transfer_settings(&self) -> TrainerSettings {
        let (adamw, schedule) = from_recipe::of_transfer(&self.recipe.transfer);
        TrainerSettings { adamw, schedule, precision: self.precision }
    }

    /// The network before pretraining, or before transfer without one.
    fn initial(&self) -> Result<SyncNet, LearnError> {
        let net = self.random()?;
        if let Initial::ImageNet { weights } = &self.recipe.initial {
            net.take_imagenet(weights).map_err(during("reading weights of ImageNet"))?;
        }
        Ok(net)
    }

    fn random(&self) -> Result<SyncNet, LearnError> {
        SyncNet::new(&self.recipe.net(), self.dataset.device(), Kind::Float).map_err(during("creating the network"))
    }
}
