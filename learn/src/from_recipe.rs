//! Translates recipes into settings of networks, optimisers and schedules.

use model::{AdamWConfig, Background, Cosine, DecayReading, Frozen, Precision, SyncNetConfig};
use recipe::{
    BackgroundPlan, BatchForm, Fusion, Network, PrecisionChoice, PretrainRecipe, SyncPlan, TrainRecipe, Trained,
    TransferPlan,
};
use tch::Device;

use crate::LearnError;
use crate::error::during;

/// A recipe that describes a network.
pub trait NetRecipe {
    fn net(&self) -> SyncNetConfig;

    /// The precision that the recipe asks for; for `auto`, the faster one, found by timing a step of this size.
    ///
    /// # Errors
    /// If the device fails.
    fn choose_precision(&self, device: Device) -> Result<Precision, LearnError>;
}

impl NetRecipe for PretrainRecipe {
    fn net(&self) -> SyncNetConfig {
        net(Network::ResNet18, self.width, self.fusion, self.seed)
    }

    fn choose_precision(&self, device: Device) -> Result<Precision, LearnError> {
        let images = match self.batch {
            // A tuple has four images, and an instant of the usual rig has four views.
            BatchForm::Tuple { tuples: of_four } | BatchForm::AllPairs { times: of_four } => 4 * of_four,
        };
        chosen(self.precision, &self.net(), images, self.crop_px, device)
    }
}

impl NetRecipe for TrainRecipe {
    fn net(&self) -> SyncNetConfig {
        net(self.network, self.width, self.sync.fusion, self.seed)
    }

    fn choose_precision(&self, device: Device) -> Result<Precision, LearnError> {
        chosen(self.precision, &self.net(), self.transfer.batch, self.crop_px, device)
    }
}

fn net(network: Network, width: u16, fusion: Fusion, seed: u64) -> SyncNetConfig {
    // Only the bits of the seed matter.
    SyncNetConfig { network, width: width.into(), fusion, seed: seed as i64 }
}

fn chosen(
    choice: PrecisionChoice,
    net: &SyncNetConfig,
    images: usize,
    crop_px: u16,
    device: Device,
) -> Result<Precision, LearnError> {
    match choice {
        PrecisionChoice::F32 => Ok(Precision::F32),
        PrecisionChoice::Bf16 => Ok(Precision::Bf16),
        PrecisionChoice::Auto => model::faster_precision(net, device, images as i64, crop_px.into())
            .map_err(during("timing a step in both precisions")),
    }
}

/// Optimiser and schedule of a live learner.
pub(crate) fn of_learner(recipe: &PretrainRecipe) -> (AdamWConfig, Cosine) {
    let o = &recipe.optimiser;
    let adamw = AdamWConfig {
        lr: o.learning_rate,
        betas: o.betas,
        eps: o.epsilon,
        weight_decay: o.weight_decay,
        decay_reading: o.decay_reading,
    };
    (adamw, Cosine { lr: o.learning_rate, warm_up_steps: o.warm_up_steps, total_steps: o.total_steps })
}

/// Optimiser and schedule of pretraining on rendered takes, for `images` images per step.
pub(crate) fn of_pretraining(plan: &SyncPlan, images: u64) -> (AdamWConfig, Cosine) {
    let schedule = schedule(plan.learning_rate, plan.samples, plan.warm_up, images);
    (adamw(plan.learning_rate, plan.weight_decay, plan.decay_reading), schedule)
}

/// Optimiser and schedule of transfer.
pub(crate) fn of_transfer(plan: &TransferPlan) -> (AdamWConfig, Cosine) {
    let schedule = schedule(plan.learning_rate, plan.samples, plan.warm_up, plan.batch as u64);
    (adamw(plan.learning_rate, plan.weight_decay, plan.decay_reading), schedule)
}

fn adamw(lr: f64, weight_decay: f64, decay_reading: DecayReading) -> AdamWConfig {
    AdamWConfig { lr, weight_decay, decay_reading, ..AdamWConfig::default() }
}

fn schedule(lr: f64, samples: u64, warm_up: f64, images: u64) -> Cosine {
    let total_steps = samples.div_ceil(images.max(1)).max(1);
    Cosine { lr, warm_up_steps: ((total_steps as f64 * warm_up) as u64).min(total_steps - 1), total_steps }
}

/// The part of the encoder that transfer leaves as it is.
pub(crate) fn frozen(trained: Trained) -> Frozen {
    match trained {
        Trained::Linear => Frozen::ENCODER,
        Trained::LastStage => Frozen::Stages(3),
        Trained::ThreeBlocks => Frozen::Blocks(3),
        Trained::All => Frozen::Nothing,
    }
}

/// What is behind people in most pictures of this pretraining.
pub(crate) fn background(plan: &SyncPlan) -> Background {
    match plan.background {
        BackgroundPlan::Kept | BackgroundPlan::Substituted => Background::Kept,
        BackgroundPlan::Removed | BackgroundPlan::Mixed => Background::Removed,
        BackgroundPlan::Shares if plan.varied().removed < 0.5 => Background::Kept,
        BackgroundPlan::Shares => Background::Removed,
    }
}
