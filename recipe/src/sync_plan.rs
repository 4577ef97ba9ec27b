//! The part of a [`TrainRecipe`](crate::TrainRecipe) that says how an encoder is pretrained, with the variants of SYNC
//! (Jenni & Favaro 2020) that its Table 1 compares.

use frame_sync::pairs::{PairGap, SamplerConfig};
use serde::{Deserialize, Serialize};

use crate::check::{self, is_default, require, within};
use crate::{AugmentConfig, BackgroundPlan, DecayReading, Fusion, MotionFilter, Negatives, RecipeError};

/// Pretraining without labels (SYNC) on the training takes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct SyncPlan {
    /// Pictures seen in all; 0 leaves pretraining out.
    pub samples: u64,
    /// What is drawn from each take of a step.
    #[serde(skip_serializing_if = "is_default")]
    pub form: PairForm,
    /// Takes in a step.
    pub takes: usize,
    /// From each take: instants, of all views; in the form `tuple`, tuples.
    pub times: usize,
    /// What the views of a pair are.
    #[serde(skip_serializing_if = "is_default")]
    pub views: PairViews,
    /// Which questions it learns to answer.
    #[serde(skip_serializing_if = "is_default")]
    pub heads: PairHeads,
    /// How "same instant" is asked.
    #[serde(skip_serializing_if = "is_default")]
    pub loss: SyncLoss,
    /// How the feature vectors of a pair are combined.
    #[serde(skip_serializing_if = "is_default")]
    pub fusion: Fusion,
    /// How far apart in time the instants of a negative pair are.
    pub gap: PairGap,
    /// Which of these pairs are learned from, and how much each counts.
    #[serde(skip_serializing_if = "is_default")]
    pub negatives: Negatives,
    /// Which instants are left out, as people hardly move in them.
    #[serde(skip_serializing_if = "is_default")]
    pub motion: MotionFilter,
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
    /// How its pictures are varied. Its own, since much variation keeps pretraining on its first plateau for long;
    /// `own-background` counts as 0 here, unless `background` keeps it.
    pub augment: AugmentConfig,
}

/// What is drawn from a take for one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PairForm {
    /// All views of several instants, and all pairs among them that have a label.
    #[default]
    AllPairs,
    /// The paper's (SYNC Fig. 2): tuples of four pictures with three pairs and four terms of the loss. One tuple of
    /// each of 16 takes is the paper's batch.
    Tuple,
}

/// What the two views of a pair are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PairViews {
    /// The pictures of different cameras.
    #[default]
    Several,
    /// Pictures of one camera, each with another random crop, scale and rotation in its plane (SYNC, Table 1 l), as
    /// `augment` has them.
    Single,
}

/// Which questions pretraining learns to answer about a pair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PairHeads {
    /// Both.
    #[default]
    Both,
    /// Do both pictures show the same instant? (SYNC, Table 1 f)
    Sync,
    /// Are both or neither of them mirrored? (SYNC, Table 1 e)
    Flip,
}

/// How pretraining asks which pictures show the same instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SyncLoss {
    /// Of each pair, yes or no: the paper's (SYNC, equation 1).
    #[default]
    Pairs,
    /// Which of another camera's pictures shows a picture's instant: the cross-entropy over all that were drawn. The
    /// head then has no threshold of yes and no, and its accuracy says nothing.
    Matching,
    /// The sum of both.
    Both,
}

impl Default for SyncPlan {
    fn default() -> Self {
        Self {
            samples: 400_000,
            form: PairForm::AllPairs,
            takes: 2,
            times: 8,
            views: PairViews::Several,
            heads: PairHeads::Both,
            loss: SyncLoss::Pairs,
            fusion: Fusion::Mult,
            gap: PairGap::Ms { min: 80.0, max: 2560.0 },
            negatives: Negatives::default(),
            motion: MotionFilter::None,
            learning_rate: 3e-4,
            warm_up: 0.01,
            weight_decay: 1e-4,
            decay_reading: DecayReading::PyTorch,
            background: BackgroundPlan::Shares,
            augment: AugmentConfig {
                roll_deg: 10.0,
                scale: [0.9, 1.15],
                shift: 0.05,
                removed: 1.0,
                mask_faults: 0.3,
                photometric: 0.3,
                bystanders: 0.05,
                occluders: 0.05,
                ..AugmentConfig::default()
            },
        }
    }
}

impl SyncPlan {
    /// How pretraining draws pairs.
    pub fn sampler(&self) -> SamplerConfig {
        SamplerConfig { gap: self.gap, common_flip: true }
    }

    /// How its pictures are varied: `augment` with this plan's background. A picture keeps its own background only
    /// where that is asked for by name, since it reveals whether the picture is mirrored.
    pub fn varied(&self) -> AugmentConfig {
        let augment = self.background.over(self.augment);
        match self.background {
            BackgroundPlan::Kept => augment,
            _ => AugmentConfig { own_background: 0.0, ..augment },
        }
    }

    pub(crate) fn check(&self) -> Result<(), RecipeError> {
        within(self.takes, &(1..=256), "sync.takes")?;
        let least = if self.form == PairForm::Tuple { 1 } else { 2 };
        within(self.times, &(least..=256), "sync.times")?;
        check::gap(&self.gap, "sync.gap")?;
        self.negatives.check(self.form == PairForm::AllPairs && self.views == PairViews::Several)?;
        require(
            self.form == PairForm::AllPairs || self.loss == SyncLoss::Pairs,
            "sync.loss",
            "must be `pairs` with sync.form = \"tuple\", which has one other instant alone",
        )?;
        self.motion.check()?;
        within(self.warm_up, &(0.0..=1.0), "sync.warm-up")?;
        check::learning_rate(self.learning_rate, "sync.learning-rate")?;
        check::weight_decay(self.weight_decay, "sync.weight-decay")?;
        let a = &self.augment;
        let varies = a.roll_deg > 0.0 && a.shift > 0.0 && a.scale[0] < a.scale[1];
        require(
            self.views == PairViews::Several || varies,
            "sync.views",
            "is `single`, which needs sync.augment.roll-deg, shift and scale to vary: both pictures of a pair are the \
             same camera's, and would be equal",
        )
    }
}
