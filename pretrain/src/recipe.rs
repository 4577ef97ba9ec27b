//! What to learn and how, as a TOML file: kebab-case keys, unknown ones refused. Every default is the reading of the
//! SYNC paper that `paper.toml` states; the papers leave several of them open, and those are fields for that reason.

use std::path::Path;

use frame_sync::pairs::{HoldOut, PairGap, SamplerConfig};
use model::{AdamWConfig, Background, Cosine, DecayReading, Fusion, Precision, SyncNetConfig};
use serde::{Deserialize, Serialize};
use settings::Document;
use tch::Device;

use crate::PretrainError;
use crate::error::during;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Recipe {
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
    pub batch: Batch,
    /// How far apart in time the instants of a negative are, clipped to what a segment holds.
    pub gap: PairGap,
    /// Whether a coin mirrors all images of a tuple before the flipped pair is formed. Without it the flip task
    /// leaks into single images; off only to show that.
    pub common_flip: bool,
    pub optimiser: Optimiser,
    pub buffer: Buffer,
    /// Instants that are never trained on: blocks by position in the source where one is replayed, else by time.
    pub hold_out: HoldOut,
    pub evaluation: EvaluationPlan,
    pub checkpoint: Checkpoints,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrecisionChoice {
    /// bf16 where the device computes it itself and a probe at start finds it faster.
    Auto,
    F32,
    Bf16,
}

/// What one step is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", tag = "form", deny_unknown_fields)]
pub enum Batch {
    /// The paper's form (SYNC Fig. 2): four images a tuple, three pairs, four terms of the loss.
    Tuple { tuples: usize },
    /// All views of so many instants; every pair that has a label is scored by one matrix product.
    AllPairs { times: usize },
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Optimiser {
    pub learning_rate: f64,
    /// Steps over which the rate rises from 0.
    pub warm_up_steps: u64,
    /// Length of the cosine down to a thousandth of the rate. A live run that outlasts it stays there.
    pub total_steps: u64,
    pub weight_decay: f64,
    /// Which program's AdamW the paper's "weight decay 1e-4" speaks of.
    pub decay_reading: DecayReading,
    pub betas: (f64, f64),
    pub epsilon: f64,
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

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct EvaluationPlan {
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

/// What is said of a width that no network may have.
pub(crate) const WIDTHS: &str = "must be a multiple of 8, at most 512: oneDNN's AVX2 kernels write beyond their buffers in networks of other widths";

impl Default for Recipe {
    fn default() -> Self {
        Self {
            seed: 0,
            crop_px: 224,
            width: 64,
            fusion: Fusion::Mult,
            background: Background::Removed,
            precision: PrecisionChoice::Auto,
            batch: Batch::Tuple { tuples: 16 },
            gap: PairGap::default(),
            common_flip: true,
            optimiser: Optimiser::default(),
            buffer: Buffer::default(),
            hold_out: HoldOut::default(),
            evaluation: EvaluationPlan::default(),
            checkpoint: Checkpoints::default(),
        }
    }
}

impl Default for Optimiser {
    fn default() -> Self {
        Self {
            learning_rate: 1e-4,
            warm_up_steps: 0,
            total_steps: 200_000,
            weight_decay: 1e-4,
            decay_reading: DecayReading::PyTorch,
            betas: (0.9, 0.999),
            epsilon: 1e-8,
        }
    }
}

impl Default for Buffer {
    fn default() -> Self {
        Self { bytes: 2 << 30, moments: 4096, minimum_moments: 64 }
    }
}

impl Default for EvaluationPlan {
    fn default() -> Self {
        Self { every_steps: 1000, pairs: 2000, instants: 200, recalibration_batches: 8 }
    }
}

impl Default for Checkpoints {
    fn default() -> Self {
        Self { every_s: 15 }
    }
}

impl Recipe {
    /// Reads and checks a recipe.
    ///
    /// # Errors
    /// A file that cannot be read, a key that is unknown or of another type (named by its path), a value out of range.
    pub fn load(path: &Path) -> Result<Self, PretrainError> {
        Self::of(&Document::read(path)?)
    }

    /// [`Self::load`] of text; `path` is for messages.
    pub fn parse(text: &str, path: &Path) -> Result<Self, PretrainError> {
        Self::of(&Document::new(text, path.display().to_string()))
    }

    fn of(document: &Document) -> Result<Self, PretrainError> {
        document.parse::<Self>()?.checked().map_err(|error| error.of_file(document.origin()))
    }

    /// The recipe itself if every value is in range.
    pub fn checked(self) -> Result<Self, PretrainError> {
        let require = |holds: bool, field, problem: &str| {
            if holds { Ok(()) } else { Err(PretrainError::RecipeValue { field, problem: problem.to_owned() }) }
        };
        let o = &self.optimiser;
        require((32..=512).contains(&self.crop_px), "crop-px", "must be 32 to 512")?;
        require(model::is_width(self.width.into()) && self.width <= 512, "width", WIDTHS)?;
        match self.batch {
            Batch::Tuple { tuples } => require((1..=4096).contains(&tuples), "batch.tuples", "must be 1 to 4096")?,
            Batch::AllPairs { times } => require((2..=1024).contains(&times), "batch.times", "must be 2 to 1024")?,
        }
        self.gap.check().map_err(|e| PretrainError::RecipeValue { field: "gap", problem: format!("is wrong: {e}") })?;
        require(o.learning_rate > 0.0 && o.learning_rate < 1.0, "optimiser.learning-rate", "must be in (0, 1)")?;
        require(o.total_steps > o.warm_up_steps, "optimiser.total-steps", "must exceed warm-up-steps")?;
        require((0.0..1.0).contains(&o.weight_decay), "optimiser.weight-decay", "must be in [0, 1)")?;
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
        require((1..=3600).contains(&self.checkpoint.every_s), "checkpoint.every-s", "must be 1 to 3600")?;
        Ok(self)
    }
}

impl Recipe {
    pub(crate) fn net(&self) -> SyncNetConfig {
        // The seed is a label: any 64 bits will do.
        SyncNetConfig { width: self.width.into(), fusion: self.fusion, seed: self.seed as i64 }
    }

    pub(crate) fn sampler(&self) -> SamplerConfig {
        SamplerConfig { gap: self.gap, common_flip: self.common_flip }
    }

    pub(crate) fn adamw(&self) -> AdamWConfig {
        let o = &self.optimiser;
        AdamWConfig {
            lr: o.learning_rate,
            betas: o.betas,
            eps: o.epsilon,
            weight_decay: o.weight_decay,
            decay_reading: o.decay_reading,
        }
    }

    /// The precision asked for, or the faster one in a probe of a step of this size.
    pub fn choose_precision(&self, device: Device) -> Result<Precision, PretrainError> {
        let images = match self.batch {
            // Four images each: the third view of a tuple, or the four views of the usual rig.
            Batch::Tuple { tuples: of_four } | Batch::AllPairs { times: of_four } => 4 * of_four as i64,
        };
        match self.precision {
            PrecisionChoice::F32 => Ok(Precision::F32),
            PrecisionChoice::Bf16 => Ok(Precision::Bf16),
            PrecisionChoice::Auto => model::faster_precision(&self.net(), device, images, self.crop_px.into())
                .map_err(during("timing a step in both precisions")),
        }
    }

    pub(crate) fn schedule(&self) -> Cosine {
        let o = &self.optimiser;
        Cosine { lr: o.learning_rate, warm_up_steps: o.warm_up_steps, total_steps: o.total_steps }
    }
}
