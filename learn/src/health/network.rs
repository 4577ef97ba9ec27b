//! The network that judges whether cameras show the same instants.

use std::path::Path;

use model::{Background, Mode, ModelError, Precision, SyncNet, autocast};
use tch::{Device, Kind, Tensor};

use crate::LearnError;
use crate::data::augment::plain_input;
use crate::data::rendered::Dataset;
use crate::error::during;
use crate::eval::sync_report::PretrainedSync;
use crate::from_recipe::NetRecipe;

/// Pictures encoded per batch.
const CHUNK: usize = 128;

/// A network pretrained on known-good sync. It does not learn any more.
pub struct Witness {
    net: SyncNet,
    crop_px: u16,
    background: Background,
    precision: Precision,
}

impl Witness {
    /// Reads `sync.safetensors` of a pretraining on rendered takes that has ended.
    ///
    /// # Errors
    /// If the file is no such pretraining, it has not ended, or the device fails.
    pub fn open(path: &Path, device: Device) -> Result<Self, LearnError> {
        Self::new(PretrainedSync::open(path, &[], device)?, path, None, device)
    }

    /// Takes a pretraining on rendered takes. `learned_from` are pictures that it learned from; those of an unfinished
    /// one are needed to recompute BatchNorm's statistics.
    ///
    /// # Errors
    /// If an unfinished one comes without them, or the device fails.
    pub fn new(
        pretrained: PretrainedSync,
        path: &Path,
        learned_from: Option<&Dataset>,
        device: Device,
    ) -> Result<Self, LearnError> {
        let (crop_px, background) = (pretrained.recipe().crop_px, pretrained.background());
        let precision = pretrained.recipe().choose_precision(device)?;
        let net = match learned_from {
            Some(pictures) => pretrained.calibrated(pictures)?,
            None if pretrained.is_finished() => pretrained.into_net(),
            None => {
                let [step, steps] = pretrained.progress();
                let problem = format!(
                    "its pretraining is at step {step} of {steps}: let it end first, for only then are the statistics of \
                     its BatchNorm those of its weights"
                );
                return Err(LearnError::Checkpoint { path: path.to_owned(), problem });
            }
        };
        Ok(Self { net, crop_px, background, precision })
    }

    /// Takes a network whose BatchNorm statistics are those of its weights, with the crops that it learned from.
    pub fn of_net(net: SyncNet, crop_px: u16, background: Background) -> Self {
        Self { net, crop_px, background, precision: Precision::F32 }
    }

    pub fn device(&self) -> Device {
        self.net.device()
    }

    /// Side of the crops that it looks at, in pixels.
    pub fn crop_px(&self) -> u16 {
        self.crop_px
    }

    /// What is behind people in the crops that it looks at.
    pub fn background(&self) -> Background {
        self.background
    }

    /// Features `[N, D]` of network input `[N, 3, crop, crop]`.
    pub(super) fn features(&self, input: &Tensor) -> Result<Tensor, ModelError> {
        tch::no_grad(|| autocast(self.precision, self.net.device(), || self.net.features(input, Mode::Eval)))
    }

    /// Features `[N, D]` of these rows of a dataset.
    pub(super) fn features_of(&self, dataset: &Dataset, rows: &[u32]) -> Result<Tensor, LearnError> {
        let encode = |chunk: &[u32]| -> Result<Tensor, ModelError> {
            let removed = self.background == Background::Removed;
            self.features(&plain_input(dataset, &dataset.batch(chunk)?, self.crop_px, removed)?.input)
        };
        let parts = rows.chunks(CHUNK).map(encode).collect::<Result<Vec<_>, _>>();
        let parts = parts.map_err(during("encoding pictures"))?;
        Tensor::f_cat(&parts, 0).map_err(|error| during("encoding pictures")(error.into()))
    }

    /// The logits of "same instant" of all pictures of one camera `[M, D]` with all of another `[N, D]`, row by row.
    pub(super) fn scores(&self, first: &Tensor, second: &Tensor) -> Result<Vec<f32>, LearnError> {
        let scores = || -> Result<Vec<f32>, ModelError> {
            let scores = self.net.sync_logits(first, second)?.f_to_device(Device::Cpu)?;
            Ok(Vec::try_from(scores.f_to_kind(Kind::Float)?.f_contiguous()?.f_reshape([-1])?)?)
        };
        let scores = tch::no_grad(scores).map_err(during("scoring pairs"))?;
        if scores.iter().any(|score| !score.is_finite()) {
            return Err(LearnError::Setting("the network gives scores that are no numbers: it diverged".to_owned()));
        }
        Ok(scores)
    }
}
