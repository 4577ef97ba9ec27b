//! The parts of a [`TrainRecipe`](crate::TrainRecipe) that say how poses are learned, and when they are measured.

use serde::{Deserialize, Serialize};

use crate::check::is_default;
use crate::{AugmentConfig, BackgroundPlan, DecayReading};

/// What the encoder of the transfer starts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// The encoder that pretraining left.
    Sync,
    /// Random values, without pretraining.
    Random,
}

/// Which layers learn from labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trained {
    /// The heads alone: a linear probe.
    Linear,
    /// The last stage of the encoder and the heads: SYNC's "first 3 residual blocks" (§3.2) read as three stages.
    LastStage,
    /// All but the stem and the first three residual blocks: the same words read literally.
    ThreeBlocks,
    /// The whole network.
    All,
}

/// What the labels say that transfer learns from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PoseTarget {
    /// Joints in the room, with those in the picture and their confidence beside.
    #[default]
    #[serde(rename = "3d")]
    Room,
    /// Joints in the picture alone (SYNC's supplement).
    #[serde(rename = "2d")]
    Picture,
}

/// The loss on the errors of the 3D head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PoseLoss {
    /// Mean distance of the joints in units of 100 mm: the metric itself.
    Distance,
    /// SYNC's: squared error of the normalised coordinates, summed.
    Squared,
}

/// Transfer to poses with labels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct TransferPlan {
    /// What the encoder starts as.
    pub from: Start,
    /// Which layers are trained.
    pub train: Trained,
    /// Learn from the labels of so many people alone, drawn by the seed; 0 is all.
    pub people: usize,
    /// Pictures seen in all.
    pub samples: u64,
    /// Pictures in a step.
    pub batch: usize,
    /// The highest learning rate, reached after the warm-up; within (0, 1).
    pub learning_rate: f64,
    /// Part of the samples over which the rate rises from 0.
    pub warm_up: f64,
    /// Strength of the decay as `decay_reading` has it; within [0, 1).
    pub weight_decay: f64,
    /// What weight decay means.
    #[serde(skip_serializing_if = "is_default")]
    pub decay_reading: DecayReading,
    /// What is behind the subject.
    #[serde(skip_serializing_if = "is_default")]
    pub background: BackgroundPlan,
    /// What is learned.
    #[serde(skip_serializing_if = "is_default")]
    pub target: PoseTarget,
    /// How errors of the 3D pose are penalised.
    pub loss: PoseLoss,
    /// Weight of the loss in the crop's plane (in sides of the crop), relative to that in 3D.
    pub plane_weight: f64,
}

/// What is measured on while it trains. The end is always measured on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct EvaluationPlan {
    /// Samples between two looks at the held-out pictures; 0 is at the end only.
    pub every_samples: u64,
    /// Pictures of such a look, evenly spread.
    pub pictures: usize,
    /// Pictures of the last one; 0 is all.
    pub last_pictures: usize,
}

impl Default for TransferPlan {
    fn default() -> Self {
        Self {
            from: Start::Sync,
            train: Trained::All,
            people: 0,
            samples: 400_000,
            batch: 64,
            learning_rate: 1e-3,
            warm_up: 0.02,
            weight_decay: 1e-2,
            decay_reading: DecayReading::PyTorch,
            background: BackgroundPlan::Shares,
            target: PoseTarget::Room,
            loss: PoseLoss::Distance,
            plane_weight: 5.0,
        }
    }
}

impl Default for EvaluationPlan {
    fn default() -> Self {
        Self { every_samples: 100_000, pictures: 2000, last_pictures: 0 }
    }
}

impl TransferPlan {
    /// How its pictures are varied: `augment` with this plan's background.
    pub(crate) fn varied(&self, augment: AugmentConfig) -> AugmentConfig {
        self.background.over(augment)
    }
}
