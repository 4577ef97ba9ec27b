//! How a pose model is trained from rendered people.

use std::path::Path;

use serde::{Deserialize, Serialize};
use settings::Document;
use subject::Preprocessing;

use crate::check::{self, is_default, require};
use crate::{
    AugmentConfig, DataConfig, EvaluationPlan, Initial, Network, PrecisionChoice, RecipeError, Start, SyncPlan,
    TransferPlan,
};

/// How a pose model is trained from rendered people, as a TOML file; missing keys have the defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct TrainRecipe {
    /// Seed of the weights and of every draw.
    pub seed: u64,
    /// Side of the crops in pixels.
    pub crop_px: u16,
    /// The encoder.
    #[serde(skip_serializing_if = "is_default")]
    pub network: Network,
    /// Channels of its first stage; 64 is the usual number.
    pub width: u16,
    /// What its values are at the start.
    #[serde(skip_serializing_if = "is_default")]
    pub initial: Initial,
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
            network: Network::ResNet18,
            width: 64,
            initial: Initial::Random,
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
        let (d, s, t) = (&self.data, &self.sync, &self.transfer);
        check::crop_px(self.crop_px)?;
        check::width(self.width)?;
        require(
            self.initial == Initial::Random || self.width == 64,
            "initial",
            "is `imagenet`, which needs width = 64",
        )?;
        check::within(d.store_px, &(32..=1024), "data.store-px")?;
        check::within(d.margin, &Preprocessing::MARGIN, "data.margin")?;
        require(d.every > 0, "data.every", "must be above 0")?;
        for (key, config) in [("augment", &self.augment), ("sync.augment", &s.augment)] {
            if let Some(problem) = config.problem() {
                return Err(RecipeError::Value { key, problem });
            }
        }
        s.check()?;
        check::within(t.warm_up, &(0.0..=1.0), "transfer.warm-up")?;
        check::learning_rate(t.learning_rate, "transfer.learning-rate")?;
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

    /// What the pretrained encoder depends on: the recipe with the default transfer, whose pictures do not vary. Recipes
    /// that agree in it share their encoder.
    #[must_use]
    pub fn pretraining(&self) -> Self {
        let (augment, transfer) = (AugmentConfig::none(true), TransferPlan::default());
        Self { augment, transfer, evaluation: EvaluationPlan::default(), ..self.clone() }
    }

    /// How pictures are varied in transfer: `augment` with the background of `transfer`.
    pub fn transfer_augment(&self) -> AugmentConfig {
        self.transfer.varied(self.augment)
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
            ("", "sync.times=1", "sync.times"),
            ("", "sync.form=pairs", "sync.form"),
            ("initial = { imagenet = { weights = \"w\" } }", "width=32", "initial"),
            ("", "sync.warm-up=2.0", "sync.warm-up"),
            ("[sync.augment]\nroll-deg = 0.0", "sync.views=single", "roll-deg"),
            ("", "sync.motion={ filter = \"mask-difference\", share = 1.0 }", "sync.motion.share"),
            ("", "transfer.background=gone", "transfer.background"),
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

    /// Checkpoints hold the identity of the recipe that they are of.
    #[test]
    fn keys_that_came_later_are_not_in_the_identity_of_recipes_without_them() {
        let identity = parse("", &[]).unwrap().identity().unwrap();
        for key in
            ["form", "views", "heads", "fusion", "motion", "decay-reading", "\nbackground =", "network", "initial"]
        {
            assert!(!identity.contains(key), "{key} in {identity}");
        }
        let words = ["sync.form=tuple", "sync.motion={ filter = \"mask-difference\" }", "transfer.background=kept"];
        let changed = parse("", &words).unwrap();
        assert_eq!(changed.sync.motion, crate::MotionFilter::MaskDifference { share: 0.25 });
        let text = changed.identity().unwrap();
        assert_eq!(parse(&text, &[]).unwrap(), TrainRecipe { evaluation: EvaluationPlan::default(), ..changed });
    }

    #[test]
    fn recipes_that_differ_in_transfer_share_their_pretraining() {
        let of = |words: &[&str]| parse("", words).unwrap().pretraining().identity().unwrap();
        assert_eq!(of(&[]), of(&["transfer.people=2", "augment.shift=0.0", "transfer.background=kept"]));
        assert_ne!(of(&[]), of(&["sync.heads=flip"]));
        assert_ne!(of(&[]), of(&["seed=1"]));
    }

    #[test]
    fn pretraining_keeps_backgrounds_only_where_that_is_asked_for() {
        let shares = |words: &[&str]| {
            let recipe = parse("augment = { removed = 0.2, own-background = 0.3 }", words).unwrap();
            [recipe.sync.varied(), recipe.transfer_augment()].map(|varied| (varied.removed, varied.own_background))
        };
        assert_eq!(shares(&[]), [(1.0, 0.0), (0.2, 0.3)]);
        assert_eq!(shares(&["sync.background=kept", "transfer.background=removed"]), [(0.0, 1.0), (1.0, 0.3)]);
        assert_eq!(shares(&["sync.background=mixed", "transfer.background=kept"]), [(0.5, 0.0), (0.0, 1.0)]);
        assert_eq!(shares(&["sync.background=substituted"])[0], (0.0, 0.0));
    }
}
