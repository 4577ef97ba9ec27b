//! What a pose model grows from.

use std::path::{Path, PathBuf};

use model::{Background, SyncNet, checkpoint};
use recipe::PretrainRecipe;
use subject::Preprocessing;
use tch::{Device, Kind};

use crate::LearnError;
use crate::error::during;
use crate::from_recipe::NetRecipe;

/// What a pose model grows from: an encoder, and the pictures that it knows.
pub struct EncoderSource {
    pub net: SyncNet,
    /// Identity of the encoder; `random` for one that has learned nothing.
    pub version: String,
    pub preprocessing: Preprocessing,
    pub background: Background,
    /// Its BatchNorm has statistics of pictures.
    pub calibrated: bool,
}

impl EncoderSource {
    /// The encoder of a learner's checkpoint, with the crops that its recipe has.
    ///
    /// # Errors
    /// A file that is missing, damaged or no checkpoint; a recipe that this build does not read.
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
                "the encoder learned from pictures that were preprocessed otherwise"
            );
        }
        let version = net.encoder_version(&meta.preprocessing_hash).map_err(during("hashing the encoder"))?;
        Ok(Self { net, version, preprocessing, background: recipe.background, calibrated: true })
    }

    /// An encoder that has learned nothing: the baseline that pretraining has to beat.
    pub fn random(seed: u64, device: Device) -> Result<Self, LearnError> {
        let recipe = PretrainRecipe { seed, ..PretrainRecipe::default() };
        let net = SyncNet::new(&recipe.net(), device, Kind::Float).map_err(during("making a random network"))?;
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
