//! How a pose model is trained from rendered people.

use std::path::Path;

use serde::{Deserialize, Serialize};
use settings::Document;
use subject::Preprocessing;

use crate::check::{self, require};
use crate::{AugmentConfig, DataConfig, EvaluationPlan, PrecisionChoice, RecipeError, Start, SyncPlan, TransferPlan};

/// How a pose model is trained from rendered people, as a TOML file; missing keys have the defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct TrainRecipe {
    /// Seed of the weights and of every draw.
    pub seed: u64,
    /// Side of the crops in pixels.
    pub crop_px: u16,
    /// Channels of the first stage of the ResNet-18; 64 is the usual one.
    pub width: u16,
    /// The floating-point format of training.
    pub precision: PrecisionChoice,
    /// How pictures are held in memory.
    pub data: DataConfig,
    /// How pictures are varied in transfer.
    pub augment: AugmentConfig,
    /// The first part, without labels.
    pub sync: SyncPlan,
    /// The second part, with labels.
    pub transfer: TransferPlan,
    /// When it is measured, and on how many pictures.
    pub evaluation: EvaluationPlan,
}

impl Default for TrainRecipe {
    fn default() -> Self {
        Self {
            seed: 0,
            crop_px: 64,
            width: 64,
            precision: PrecisionChoice::Auto,
            data: DataConfig::default(),
            augment: AugmentConfig::default(),
            sync: SyncPlan::default(),
            transfer: TransferPlan::default(),
            evaluation: EvaluationPlan::default(),
        }
    }
}

impl TrainRecipe {
    /// Reads and checks a recipe. `overrides` are `key=value` with dotted keys, as `transfer.train=linear`.
    ///
    /// # Errors
    /// A file that cannot be read, a key that is unknown or of another type, a value out of range.
    pub fn load(path: &Path, overrides: &[String]) -> Result<Self, RecipeError> {
        Self::of(Document::read(path)?, overrides)
    }

    /// [`Self::load`] of text; `path` is for messages.
    ///
    /// # Errors
    /// As [`Self::load`], except that no file is read.
    pub fn parse(text: &str, path: &Path, overrides: &[String]) -> Result<Self, RecipeError> {
        Self::of(Document::new(text, path.display().to_string()), overrides)
    }

    fn of(document: Document, overrides: &[String]) -> Result<Self, RecipeError> {
        let document = document.set(overrides)?;
        document.parse::<Self>()?.checked().map_err(|error| error.of_file(document.origin()))
    }

    fn checked(self) -> Result<Self, RecipeError> {
        let share = |value: f64| (0.0..=1.0).contains(&value);
        let (d, s, t) = (&self.data, &self.sync, &self.transfer);
        check::crop_px(self.crop_px)?;
        check::width(self.width)?;
        check::within(d.store_px, &(32..=1024), "data.store-px")?;
        check::within(d.margin, &Preprocessing::MARGIN, "data.margin")?;
        require(d.every > 0, "data.every", "must be above 0")?;
        for (key, config) in [("augment", &self.augment), ("sync.augment", &s.augment)] {
            if let Some(problem) = config.problem() {
                return Err(RecipeError::Value { key, problem });
            }
        }
        for (key, value) in [("sync.warm-up", s.warm_up), ("transfer.warm-up", t.warm_up)] {
            require(share(value), key, "must be 0 to 1")?;
        }
        check::within(s.takes, &(1..=256), "sync.takes")?;
        check::within(s.times, &(2..=256), "sync.times")?;
        check::gap(&s.gap, "sync.gap")?;
        check::learning_rate(s.learning_rate, "sync.learning-rate")?;
        check::learning_rate(t.learning_rate, "transfer.learning-rate")?;
        check::weight_decay(s.weight_decay, "sync.weight-decay")?;
        check::weight_decay(t.weight_decay, "transfer.weight-decay")?;
        require(t.batch >= 2, "transfer.batch", "must be at least 2")?;
        require(t.samples >= t.batch as u64, "transfer.samples", "must be at least one batch")?;
        require(t.plane_weight >= 0.0, "transfer.plane-weight", "must be at least 0")?;
        require(
            t.from == Start::Random || s.samples > 0,
            "transfer.from",
            "is `sync`, but sync.samples = 0 leaves pretraining out",
        )?;
        Ok(self)
    }

    /// Everything that the trained model depends on, as TOML: the recipe with the default `evaluation`.
    ///
    /// # Errors
    /// A value that TOML cannot hold, such as a seed above 2⁶³ − 1.
    pub fn identity(&self) -> Result<String, RecipeError> {
        Ok(toml::to_string(&Self { evaluation: EvaluationPlan::default(), ..self.clone() })?)
    }

    /// How frames become the crops that it learns from: the defaults with its crop size.
    pub fn preprocessing(&self) -> Preprocessing {
        Preprocessing::with_crop_px(self.crop_px)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Trained;

    fn parse(text: &str, overrides: &[&str]) -> Result<TrainRecipe, String> {
        let overrides: Vec<String> = overrides.iter().map(|&word| word.to_owned()).collect();
        TrainRecipe::parse(text, Path::new("pose.toml"), &overrides).map_err(|e| e.to_string())
    }

    #[test]
    fn words_override_the_file() {
        let recipe = parse("seed = 1\n[transfer]\nbatch = 8", &["transfer.train=linear", "seed=7"]).unwrap();
        assert_eq!((recipe.seed, recipe.transfer.batch, recipe.transfer.train), (7, 8, Trained::Linear));
        let recipe = parse("", &["sync.gap.ms={ min = 1, max = 2.5 }", "augment.scale=[1.0, 1.5]"]).unwrap();
        assert_eq!(recipe.augment.scale, [1.0, 1.5]);
    }

    #[test]
    fn what_cannot_work_is_named() {
        for (text, word, part) in [
            ("[transfer]\nspeed = 1", "seed=1", "speed"),
            ("", "transfer.batch=1", "transfer.batch"),
            ("", "transfer.train=some", "transfer.train"),
            ("", "crop-px", "crop-px"),
            ("[sync]\nsamples = 0", "seed=1", "transfer.from"),
            ("", "augment.removed=1.5", "removed = 1.5"),
            ("", "sync.augment.scale=[2.0, 1.0]", "sync.augment"),
        ] {
            let error = parse(text, &[word]).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn measuring_otherwise_is_the_same_training() {
        let recipe = parse("", &[]).unwrap();
        let measured = parse("", &["evaluation.pictures=5"]).unwrap();
        assert_eq!(recipe.identity().unwrap(), measured.identity().unwrap());
        assert_ne!(recipe.identity().unwrap(), parse("", &["seed=5"]).unwrap().identity().unwrap());
    }
}
