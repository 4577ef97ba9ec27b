//! How a live learner learns without labels. The defaults follow the SYNC paper as `recipes/paper.toml` reads it,
//! except for the buffer. What the paper leaves open can be set by a key.

use std::path::Path;

use frame_sync::pairs::{HoldOut, PairGap, SamplerConfig};
use serde::{Deserialize, Serialize};
use settings::Document;

use crate::check::{self, is_default, require};
use crate::{Background, Buffer, Fusion, Normalisation, Optimiser, PrecisionChoice, RecipeError, Served};

/// How a live learner learns without labels, as a TOML file; missing keys have the defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct PretrainRecipe {
    /// Seed of the initial weights and of all random draws.
    pub seed: u64,
    /// Side of the crops in pixels (SYNC: 224).
    pub crop_px: u16,
    /// Channels of the first stage of the ResNet-18 (SYNC: 64, which gives 512 features).
    pub width: u16,
    /// How the feature vectors of a pair are combined. Use `mult`; the others exist for comparison.
    pub fusion: Fusion,
    /// What the network sees outside of the mask (SYNC §3.2). Unless this is `removed`, the network can recognise fixed
    /// cameras by what is behind the subject.
    pub background: Background,
    /// The floating-point format of training.
    pub precision: PrecisionChoice,
    /// What one step learns from.
    pub batch: BatchForm,
    /// How far apart in time the instants of a negative pair are; both are always of one segment.
    pub gap: PairGap,
    /// Whether to mirror all images of a tuple together, at random, before the flipped pair is formed. Without it, a
    /// single image may reveal whether its pair is flipped; off only to show that.
    pub common_flip: bool,
    /// The optimiser and its learning rate.
    pub optimiser: Optimiser,
    /// What normalises the features inside the encoder while it learns.
    #[serde(skip_serializing_if = "is_default")]
    pub normalisation: Normalisation,
    /// What is kept to learn from, and how often.
    pub buffer: Buffer,
    /// Which copy of the network others get.
    #[serde(skip_serializing_if = "is_default")]
    pub served: Served,
    /// Instants that are never trained on: blocks by position in replayed footage, by time in live cameras.
    pub hold_out: HoldOut,
    /// When the accuracy is measured, and on how many pairs.
    pub evaluation: AccuracyPlan,
    /// How often checkpoints are written.
    pub checkpoint: Checkpoints,
}

/// What one step learns from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", tag = "form", deny_unknown_fields)]
pub enum BatchForm {
    /// As in the paper (SYNC Fig. 2): tuples of four images, each with three pairs and four terms of the loss.
    Tuple {
        /// Tuples per step, 1 to 4096.
        tuples: usize,
    },
    /// All views of several instants; all pairs that have a label are scored by one matrix product.
    AllPairs {
        /// Instants per step, 2 to 1024.
        times: usize,
    },
}

impl BatchForm {
    /// The part of a batch that each of so many places in the buffer has; all of it where there are none.
    #[must_use]
    pub fn shared_among(self, places: usize) -> Self {
        match self {
            Self::Tuple { tuples } => Self::Tuple { tuples: tuples / places.max(1) },
            Self::AllPairs { times } => Self::AllPairs { times: times / places.max(1) },
        }
    }

    fn fits(self, places: usize) -> bool {
        match self.shared_among(places) {
            Self::Tuple { tuples } => tuples >= 1,
            Self::AllPairs { times } => times >= 2,
        }
    }
}

/// When the accuracy on pairs is measured, and on how many pairs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct AccuracyPlan {
    /// Steps from one measurement to the next.
    pub every_steps: u64,
    /// Pairs per task, both of trained and of held-out instants; half of them are positive.
    pub pairs: usize,
    /// How many of the newest instants, both trained and held-out, pairs are drawn from.
    pub instants: usize,
    /// Batches over which BatchNorm's statistics are recomputed before each measurement.
    pub recalibration_batches: usize,
}

/// How often a learner saves its state.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Checkpoints {
    /// Seconds from one checkpoint to the next, and so about how much training is lost if the learner is killed.
    pub every_s: u64,
    /// Whether what was kept to learn from is written, too, in a file of its own beside it.
    pub buffer: bool,
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
            normalisation: Normalisation::default(),
            buffer: Buffer::default(),
            served: Served::default(),
            hold_out: HoldOut::default(),
            evaluation: AccuracyPlan::default(),
            checkpoint: Checkpoints::default(),
        }
    }
}

impl Default for AccuracyPlan {
    fn default() -> Self {
        Self { every_steps: 1000, pairs: 2000, instants: 200, recalibration_batches: 8 }
    }
}

impl Default for Checkpoints {
    fn default() -> Self {
        Self { every_s: 60, buffer: true }
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
    ///
    /// # Errors
    /// As [`Self::load`], except that no file is read.
    pub fn parse(text: &str, path: &Path) -> Result<Self, RecipeError> {
        Self::of(&Document::new(text, path.display().to_string()))
    }

    /// [`Self::parse`] with `key=value` words over the text, whose keys are dotted: `buffer.places=2`.
    ///
    /// # Errors
    /// As [`Self::load`], except that no file is read.
    pub fn parse_with(text: &str, path: &Path, words: &[String]) -> Result<Self, RecipeError> {
        Self::of(&Document::new(text, path.display().to_string()).set(words)?)
    }

    fn of(document: &Document) -> Result<Self, RecipeError> {
        document.parse::<Self>()?.checked().map_err(|error| error.of_file(document.origin()))
    }

    /// The recipe as TOML.
    ///
    /// # Errors
    /// A value that TOML cannot hold, such as a seed above 2⁶³ − 1.
    pub fn to_toml(&self) -> Result<String, RecipeError> {
        Ok(toml::to_string(self)?)
    }

    /// The recipe itself, if every value is in range.
    ///
    /// # Errors
    /// The first value that is out of range.
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
        self.buffer.check()?;
        self.served.check()?;
        require(
            self.batch.fits(self.buffer.places),
            "buffer.places",
            "must leave each place at least two of batch.times, or one of batch.tuples",
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

    /// How the learner draws pairs.
    pub fn sampler(&self) -> SamplerConfig {
        SamplerConfig { gap: self.gap, common_flip: self.common_flip }
    }
}
