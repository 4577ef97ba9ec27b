//! What a pose model is fine-tuned from.

use std::path::Path;

use model::checkpoint::{self, CheckpointMeta};
use model::{Background, PoseModel, SyncNet, SyncNetConfig};
use recipe::{PretrainRecipe, TrainRecipe};
use subject::Preprocessing;
use tch::{Device, Kind};

use crate::LearnError;
use crate::error::{during, in_json};
use crate::from_recipe::{self, NetRecipe};
use crate::objectives::stage_state::StageState;

/// The network that fine-tuning starts from.
pub enum Start {
    /// An encoder, which gets an untrained head.
    Encoder(SyncNet),
    /// A whole pose model.
    Model(PoseModel),
}

impl Start {
    /// The shape of the encoder.
    pub fn shape(&self) -> SyncNetConfig {
        match self {
            Self::Encoder(net) => *net.config(),
            Self::Model(model) => {
                SyncNetConfig { network: model.network(), width: model.width(), ..SyncNetConfig::default() }
            }
        }
    }
}

/// A network to fine-tune, with the preprocessing of the pictures that it was trained on.
pub struct EncoderSource {
    pub start: Start,
    /// Identity of the network; `random` if it is untrained.
    pub version: String,
    pub preprocessing: Preprocessing,
    pub background: Background,
    /// Whether its BatchNorm statistics were computed from pictures.
    pub calibrated: bool,
}

impl EncoderSource {
    /// The encoder of a checkpoint, with the preprocessing of its recipe: of the learner, or of pretraining on rendered
    /// takes (`sync.safetensors`), finished or not.
    ///
    /// # Errors
    /// If the file is missing, damaged or not a checkpoint, or this build cannot read its recipe.
    pub fn checkpoint(path: &Path, device: Device) -> Result<Self, LearnError> {
        let (net, meta) = checkpoint::open(path, device).map_err(during("reading the checkpoint"))?;
        let Pretrained { preprocessing, background, calibrated } = Pretrained::of(&meta, path)?;
        let ours = format!("{:016x}", preprocessing.hash());
        if ours != meta.preprocessing_hash {
            tracing::warn!(
                checkpoint = meta.preprocessing_hash,
                ours,
                "the encoder was trained on pictures with different preprocessing"
            );
        }
        let version = net.encoder_version(&meta.preprocessing_hash).map_err(during("hashing the encoder"))?;
        Ok(Self { start: Start::Encoder(net), version, preprocessing, background, calibrated })
    }

    /// A pose model, to be trained further.
    ///
    /// # Errors
    /// If the file is missing, damaged or not a pose model, or this build does not know its preprocessing.
    pub fn pose_model(path: &Path, device: Device) -> Result<Self, LearnError> {
        let model = PoseModel::load(path, device).map_err(during("reading the pose model"))?;
        let preprocessing = serde_json::from_str(&model.spec().preprocessing);
        Ok(Self {
            version: model.version().map_err(during("hashing the pose model"))?,
            preprocessing: preprocessing.map_err(in_json("reading the preprocessing of the pose model"))?,
            background: model.spec().background,
            calibrated: true,
            start: Start::Model(model),
        })
    }

    /// An untrained encoder: the baseline for pretraining.
    ///
    /// # Errors
    /// If the device fails.
    pub fn random(seed: u64, device: Device) -> Result<Self, LearnError> {
        let recipe = PretrainRecipe { seed, ..PretrainRecipe::default() };
        let net = SyncNet::new(&recipe.net(), device, Kind::Float).map_err(during("creating a random network"))?;
        Ok(Self {
            start: Start::Encoder(net),
            version: "random".to_owned(),
            preprocessing: Preprocessing::with_crop_px(recipe.crop_px),
            background: recipe.background,
            calibrated: false,
        })
    }

    /// The same encoder on crops of another size.
    #[must_use]
    pub fn with_crop_px(self, crop_px: u16) -> Self {
        Self { preprocessing: Preprocessing { crop_px, ..self.preprocessing }, ..self }
    }
}

/// What the recipe of a checkpoint says about its encoder.
struct Pretrained {
    preprocessing: Preprocessing,
    background: Background,
    calibrated: bool,
}

impl Pretrained {
    fn of(meta: &CheckpointMeta, path: &Path) -> Result<Self, LearnError> {
        let live = match PretrainRecipe::parse(&meta.recipe, path) {
            Ok(recipe) => {
                let preprocessing = Preprocessing::with_crop_px(recipe.crop_px);
                return Ok(Self { preprocessing, background: recipe.background, calibrated: true });
            }
            Err(error) => error.to_string(),
        };
        let recipe = TrainRecipe::parse(&meta.recipe, path, &[])
            .map_err(|_| LearnError::RecipeOfCheckpoint { path: path.to_owned(), problem: live })?;
        let state = StageState::of(path, meta.state.clone())?;
        Ok(Self {
            preprocessing: recipe.preprocessing(),
            background: from_recipe::background(&recipe.sync),
            calibrated: state.steps >= state.total_steps,
        })
    }
}
