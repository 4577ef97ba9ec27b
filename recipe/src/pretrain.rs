//! How a live learner learns without labels. Every default is the reading of the SYNC paper that `paper.toml` states;
//! the papers leave several of them open, and those are keys for that reason.

use std::path::Path;

use frame_sync::pairs::{HoldOut, PairGap, SamplerConfig};
use serde::{Deserialize, Serialize};
use settings::Document;

use crate::check::{self, require};
use crate::{Background, Fusion, Optimiser, PrecisionChoice, RecipeError};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct PretrainRecipe {
    /// Seed of the weights and of every draw.
    pub seed: u64,
    /// Side of the crops in pixels (SYNC: 224).
    pub crop_px: u16,
    /// Channels of the first stage of the ResNet-18 (SYNC: 64, which gives 512 features).
    pub width: u16,
    /// How two feature vectors become one. Only `mult` is meant for learning.
    pub fusion: Fusion,
    /// What becomes of the pixels outside the mask (SYNC §3.2). Unless it is `removed`, fixed cameras can be told
    /// apart by their rooms.
    pub background: Background,
    pub precision: PrecisionChoice,
    pub batch: BatchForm,
    /// How far apart in time the instants of a negative are, clipped to what a segment holds.
    pub gap: PairGap,
    /// Whether a coin mirrors all images of a tuple before the flipped pair is formed. Without it the flip task
    /// leaks into single images; off only to show that.
    pub common_flip: bool,
    pub optimiser: Optimiser,
    pub buffer: Buffer,
    /// Instants that are never trained on: blocks by position in the source where one is replayed, else by time.
    pub hold_out: HoldOut,
    pub evaluation: AccuracyPlan,
    pub checkpoint: Checkpoints,
}

/// What one step is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", tag = "form", deny_unknown_fields)]
pub enum BatchForm {
    /// The paper's form (SYNC Fig. 2): four images a tuple, three pairs, four terms of the loss.
    Tuple { tuples: usize },
    /// All views of so many instants; every pair that has a label is scored by one matrix product.
    AllPairs { times: usize },
}

/// What is kept to learn from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Buffer {
    /// Pictures and masks together.
    pub bytes: u64,
    pub moments: usize,
    /// Instants to train on before the first step.
    pub minimum_moments: usize,
}

/// When the accuracy on pairs is measured, and on how many.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct AccuracyPlan {
    pub every_steps: u64,
    /// Pairs per task and side of the split, half of them positive.
    pub pairs: usize,
    /// The newest so many instants of each side that pairs are drawn from.
    pub instants: usize,
    /// Batches over which BatchNorm's statistics are taken anew before.
    pub recalibration_batches: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Checkpoints {
    /// Seconds between two checkpoints, and so about what a killed learner loses.
    pub every_s: u64,
}

impl Default for PretrainRecipe {
    fn default() -> Self {
        Self {
            seed: 0,
            crop_px: 224,
            width: 64,
            fusion: Fusion::Mult,
            background: Background::Removed,
            precision: PrecisionChoice::Auto,
            batch: BatchForm::Tuple { tuples: 16 },
            gap: PairGap::default(),
            common_flip: true,
            optimiser: Optimiser::default(),
            buffer: Buffer::default(),
            hold_out: HoldOut::default(),
            evaluation: AccuracyPlan::default(),
            checkpoint: Checkpoints::default(),
        }
    }
}

impl Default for Buffer {
    fn default() -> Self {
        Self { bytes: 2 << 30, moments: 4096, minimum_moments: 64 }
    }
}

impl Default for AccuracyPlan {
    fn default() -> Self {
        Self { every_steps: 1000, pairs: 2000, instants: 200, recalibration_batches: 8 }
    }
}

impl Default for Checkpoints {
    fn default() -> Self {
        Self { every_s: 15 }
    }
}

impl PretrainRecipe {
    /// Reads and checks a recipe.
    ///
    /// # Errors
    /// A file that cannot be read, a key that is unknown or of another type (named by its path), a value out of range.
    pub fn load(path: &Path) -> Result<Self, RecipeError> {
        Self::of(&Document::read(path)?)
    }

    /// [`Self::load`] of text; `path` is for messages.
    pub fn parse(text: &str, path: &Path) -> Result<Self, RecipeError> {
        Self::of(&Document::new(text, path.display().to_string()))
    }

    fn of(document: &Document) -> Result<Self, RecipeError> {
        document.parse::<Self>()?.checked().map_err(|error| error.of_file(document.origin()))
    }

    /// The recipe as TOML.
    pub fn to_toml(&self) -> Result<String, RecipeError> {
        Ok(toml::to_string(self)?)
    }

    /// The recipe itself if every value is in range.
    pub fn checked(self) -> Result<Self, RecipeError> {
        let o = &self.optimiser;
        check::crop_px(self.crop_px)?;
        check::width(self.width)?;
        match self.batch {
            BatchForm::Tuple { tuples } => check::within(tuples, &(1..=4096), "batch.tuples")?,
            BatchForm::AllPairs { times } => check::within(times, &(2..=1024), "batch.times")?,
        }
        check::gap(&self.gap, "gap")?;
        check::learning_rate(o.learning_rate, "optimiser.learning-rate")?;
        require(o.total_steps > o.warm_up_steps, "optimiser.total-steps", "must exceed warm-up-steps")?;
        check::weight_decay(o.weight_decay, "optimiser.weight-decay")?;
        require(
            (0.0..1.0).contains(&o.betas.0) && (0.0..1.0).contains(&o.betas.1),
            "optimiser.betas",
            "must both be in [0, 1)",
        )?;
        require(o.epsilon > 0.0, "optimiser.epsilon", "must be above 0")?;
        require(self.buffer.minimum_moments >= 2, "buffer.minimum-moments", "must be at least 2")?;
        require(
            self.buffer.moments >= self.buffer.minimum_moments,
            "buffer.moments",
            "must be at least buffer.minimum-moments",
        )?;
        let h = &self.hold_out;
        require(
            h.block == 0 || u64::from(h.period) > u64::from(h.block) + 2 * u64::from(h.guard),
            "hold-out.period",
            "leaves nothing to train on: it must exceed block + 2 × guard",
        )?;
        require(self.evaluation.every_steps > 0, "evaluation.every-steps", "must be above 0")?;
        require(self.evaluation.pairs >= 2, "evaluation.pairs", "must be at least 2")?;
        require(self.evaluation.instants >= 2, "evaluation.instants", "must be at least 2")?;
        require(self.evaluation.recalibration_batches > 0, "evaluation.recalibration-batches", "must be above 0")?;
        check::within(self.checkpoint.every_s, &(1..=3600), "checkpoint.every-s")?;
        Ok(self)
    }

    pub fn sampler(&self) -> SamplerConfig {
        SamplerConfig { gap: self.gap, common_flip: self.common_flip }
    }
}
