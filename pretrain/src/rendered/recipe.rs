//! How a pose model is trained from rendered people, as a TOML file: kebab-case keys, unknown ones refused.

use std::path::Path;

use model::{Fusion, Precision, SyncNetConfig};
use serde::{Deserialize, Serialize};
use settings::Document;
use subject::Preprocessing;
use tch::Device;

use super::RenderedError;
use super::augment::AugmentConfig;
use super::dataset::DataConfig;
use super::error::during;
use super::plans::{EvaluationPlan, Start, SyncPlan, TransferPlan};
use crate::recipe::WIDTHS;
use crate::{PrecisionChoice, PretrainError};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct TrainRecipe {
    /// Seed of the weights and of every draw.
    pub seed: u64,
    /// Side of the crops in pixels.
    pub crop_px: u16,
    /// Channels of the first stage of the ResNet-18; 64 is the usual one.
    pub width: u16,
    pub precision: PrecisionChoice,
    pub data: DataConfig,
    pub augment: AugmentConfig,
    pub sync: SyncPlan,
    pub transfer: TransferPlan,
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
    pub fn load(path: &Path, overrides: &[String]) -> Result<Self, RenderedError> {
        Self::of(Document::read(path).map_err(PretrainError::from)?, overrides)
    }

    /// [`Self::load`] of text; `path` is for messages.
    pub fn parse(text: &str, path: &Path, overrides: &[String]) -> Result<Self, RenderedError> {
        Self::of(Document::new(text, path.display().to_string()), overrides)
    }

    fn of(document: Document, overrides: &[String]) -> Result<Self, RenderedError> {
        let document = document.set(overrides).map_err(PretrainError::from)?;
        let recipe = document.parse::<Self>().map_err(PretrainError::from)?;
        Ok(recipe.checked().map_err(|error| error.of_file(document.origin()))?)
    }

    fn checked(self) -> Result<Self, PretrainError> {
        let require = |holds: bool, field, problem: &str| {
            if holds { Ok(()) } else { Err(PretrainError::RecipeValue { field, problem: problem.to_owned() }) }
        };
        let share = |value: f64| (0.0..=1.0).contains(&value);
        let (d, s, t) = (&self.data, &self.sync, &self.transfer);
        require((32..=512).contains(&self.crop_px), "crop-px", "must be 32 to 512")?;
        require(model::is_width(self.width.into()) && self.width <= 512, "width", WIDTHS)?;
        require((32..=1024).contains(&d.store_px), "data.store-px", "must be 32 to 1024")?;
        require((1.0..=4.0).contains(&d.margin), "data.margin", "must be 1 to 4")?;
        require(d.every > 0, "data.every", "must be above 0")?;
        for (field, config) in [("augment", &self.augment), ("sync.augment", &s.augment)] {
            if let Some(problem) = config.problem() {
                return Err(PretrainError::RecipeValue { field, problem });
            }
        }
        for (field, value) in [("sync.warm-up", s.warm_up), ("transfer.warm-up", t.warm_up)] {
            require(share(value), field, "must be 0 to 1")?;
        }
        require((1..=256).contains(&s.takes), "sync.takes", "must be 1 to 256")?;
        require((2..=256).contains(&s.times), "sync.times", "must be 2 to 256")?;
        s.gap
            .check()
            .map_err(|e| PretrainError::RecipeValue { field: "sync.gap", problem: format!("is wrong: {e}") })?;
        require(s.learning_rate > 0.0 && s.learning_rate < 1.0, "sync.learning-rate", "must be in (0, 1)")?;
        require(t.learning_rate > 0.0 && t.learning_rate < 1.0, "transfer.learning-rate", "must be in (0, 1)")?;
        require((0.0..1.0).contains(&s.weight_decay), "sync.weight-decay", "must be in [0, 1)")?;
        require((0.0..1.0).contains(&t.weight_decay), "transfer.weight-decay", "must be in [0, 1)")?;
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

    /// What decides about the result: everything but when it is measured.
    pub(crate) fn identity(&self) -> Result<String, RenderedError> {
        let identity = Self { evaluation: EvaluationPlan::default(), ..self.clone() };
        toml::to_string(&identity).map_err(|e| RenderedError::Nothing(format!("the recipe cannot be written: {e}")))
    }

    pub fn preprocessing(&self) -> Preprocessing {
        Preprocessing::with_crop_px(self.crop_px)
    }

    pub(crate) fn net(&self) -> SyncNetConfig {
        // The seed is a label: any 64 bits will do.
        SyncNetConfig { width: self.width.into(), fusion: Fusion::Mult, seed: self.seed as i64 }
    }

    /// The precision asked for, or the faster one in a probe of a step of this size.
    pub fn choose_precision(&self, device: Device) -> Result<Precision, RenderedError> {
        match self.precision {
            PrecisionChoice::F32 => Ok(Precision::F32),
            PrecisionChoice::Bf16 => Ok(Precision::Bf16),
            PrecisionChoice::Auto => {
                let images = self.transfer.batch as i64;
                model::faster_precision(&self.net(), device, images, self.crop_px.into())
                    .map_err(during("timing a step in both precisions"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rendered::Trained;

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
