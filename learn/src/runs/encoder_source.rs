//! The encoder from which a pose model is fine-tuned.

use std::path::{Path, PathBuf};

use model::{Background, SyncNet, checkpoint};
use recipe::PretrainRecipe;
use subject::Preprocessing;
use tch::{Device, Kind};

use crate::LearnError;
use crate::error::during;
use crate::from_recipe::NetRecipe;

/// An encoder to fine-tune, with the preprocessing of the pictures that it was trained on.
pub struct EncoderSource {
    pub net: SyncNet,
    /// Identity of the encoder; `random` if it is untrained.
    pub version: String,
    pub preprocessing: Preprocessing,
    pub background: Background,
    /// Whether its BatchNorm statistics were computed from pictures.
    pub calibrated: bool,
}

impl EncoderSource {
    /// The encoder of a learner's checkpoint, with the preprocessing of its recipe.
    ///
    /// # Errors
    /// If the file is missing, damaged or not a checkpoint, or this build cannot read its recipe.
    pub fn checkpoint(path: &Path, device: Device) -> Result<Self, LearnError> {
        let (net, meta) = checkpoint::open(path, device).map_err(during("reading the checkpoint"))?;
        let recipe = PretrainRecipe::parse(&meta.recipe, path)
            .map_err(|e| LearnError::RecipeOfCheckpoint { path: PathBuf::from(path), problem: e.to_string() })?;
        let preprocessing = Preprocessing::with_crop_px(recipe.crop_px);
        let ours = format!("{:016x}", preprocessing.hash());
        if ours != meta.preprocessing_hash {
            tracing::warn!(
                checkpoint = meta.preprocessing_hash,
                ours,
                "the encoder was trained on pictures with different preprocessing"
            );
        }
        let version = net.encoder_version(&meta.preprocessing_hash).map_err(during("hashing the encoder"))?;
        Ok(Self { net, version, preprocessing, background: recipe.background, calibrated: true })
    }

    /// An untrained encoder: the baseline for pretraining.
    ///
    /// # Errors
    /// If the device fails.
    pub fn random(seed: u64, device: Device) -> Result<Self, LearnError> {
        let recipe = PretrainRecipe { seed, ..PretrainRecipe::default() };
        let net = SyncNet::new(&recipe.net(), device, Kind::Float).map_err(during("creating a random network"))?;
        Ok(Self {
            net,
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
