//! Fine-tuning on one take with few labels: from an encoder to a pose model.

use frame_sync::pairs::HoldOut;
use model::{AdamWConfig, Cosine, PoseModel, PoseSpec, Precision, STAGES};
use pose::JOINT_NAMES;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::encoder_source::EncoderSource;
use crate::LearnError;
use crate::data::LabelledTake;
use crate::data::pose_statistics::statistics;
use crate::error::{during, in_json};
use crate::objectives::pose_head::{PoseHead, calibrate};
use crate::trainer::{Trainer, TrainerSettings};

/// How to train a pose head. The defaults are SYNC's (§3.2, and methods A.6 for what the paper leaves open) except for
/// the length, which suits one take on a CPU.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct FinetuneConfig {
    pub steps: u64,
    /// Pictures a step.
    pub batch: usize,
    pub learning_rate: f64,
    pub weight_decay: f64,
    /// Stages of the encoder that stay as they are, the stem with the first, BatchNorm's statistics included.
    pub frozen_stages: usize,
    /// Which source positions are never trained on. The default has no guard: what is held out lies between instants
    /// that were trained on, so errors there are interpolation whatever the distance, and are called so.
    pub hold_out: HoldOut,
    pub seed: u64,
    pub precision: Precision,
}

impl Default for FinetuneConfig {
    fn default() -> Self {
        Self {
            steps: 600,
            batch: 16,
            learning_rate: 3e-4,
            weight_decay: 1e-4,
            frozen_stages: 3,
            hold_out: HoldOut { guard: 0, ..HoldOut::default() },
            seed: 0,
            precision: Precision::F32,
        }
    }
}

impl FinetuneConfig {
    fn check(&self) -> Result<(), LearnError> {
        let wrong = |problem: String| Err(LearnError::Setting(problem));
        if self.frozen_stages > STAGES {
            wrong(format!("frozen stages: {}, but the encoder has {STAGES}", self.frozen_stages))
        } else if self.batch < 2 || self.steps == 0 {
            wrong("at least 2 pictures a step and 1 step are needed".to_owned())
        } else if !(self.learning_rate > 0.0 && self.learning_rate < 1.0) {
            wrong(format!("the learning rate is {}; it must be in (0, 1)", self.learning_rate))
        } else {
            Ok(())
        }
    }
}

/// What a pose model says of its training, so that an evaluation knows which instants it has never seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Training {
    pub config: FinetuneConfig,
    /// Pictures trained on.
    pub pictures: usize,
    /// File names of the poses and the calibration that the labels were made from.
    pub labels: [String; 2],
    /// What the labels are worth: see [`pose::Labels::truth`].
    pub truth: String,
}

/// Trains a pose model step by step, so that its owner can show how far it is and stop it.
pub struct Finetuner<'a>(Trainer<PoseHead<'a>>);

impl<'a> Finetuner<'a> {
    /// A head on a copy of the encoder, and the normalisation of the training labels. Only instants on the training
    /// side of the hold-out are ever looked at.
    ///
    /// # Errors
    /// A setting out of range, fewer than two training pictures.
    pub fn new(source: &EncoderSource, take: &'a LabelledTake, config: FinetuneConfig) -> Result<Self, LearnError> {
        config.check()?;
        let (trained, _) = take.split(&config.hold_out);
        if trained.len() < 2 {
            return Err(LearnError::TooFew(format!(
                "{} labelled pictures are on the training side of the hold-out; take a longer take or hold out less",
                trained.len()
            )));
        }
        let (mean, std) = statistics(trained.iter().map(|labelled| &labelled.pose));
        let spec = spec(source, take, &config, trained.len())?;
        let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
        if !source.calibrated {
            calibrate(&source.net, &trained, source.background, config.batch, &mut rng)?;
        }
        // The seed is a label: any 64 bits will do.
        let model = PoseModel::from_encoder(&source.net, &mean, &std, spec, config.seed as i64)
            .map_err(during("making the pose model"))?;
        let head = PoseHead::new(model, source.background, trained, config.frozen_stages, config.batch, rng);
        let FinetuneConfig { learning_rate: lr, weight_decay, steps: total_steps, precision, .. } = config;
        let settings = TrainerSettings {
            adamw: AdamWConfig { lr, weight_decay, ..AdamWConfig::default() },
            schedule: Cosine { lr, warm_up_steps: 0, total_steps },
            precision,
        };
        Trainer::new(head, settings).map(Self)
    }

    /// One step; its loss is the squared norm of the normalised error, mean over pictures.
    ///
    /// # Errors
    /// A device that fails, a loss that is no number.
    pub fn step(&mut self) -> Result<f64, LearnError> {
        let step = self.0.step()?;
        Ok(step.map_or(0.0, |step| step.report))
    }

    pub fn done(&self) -> bool {
        self.0.done()
    }

    pub fn steps(&self) -> u64 {
        self.0.steps()
    }

    /// Pictures that it trains on.
    pub fn pictures(&self) -> usize {
        self.0.objective().pictures.len()
    }

    pub fn finish(self) -> PoseModel {
        self.0.into_objective().model
    }
}

/// What the pose model says of itself.
fn spec(
    source: &EncoderSource,
    take: &LabelledTake,
    config: &FinetuneConfig,
    pictures: usize,
) -> Result<PoseSpec, LearnError> {
    let training = Training {
        config: config.clone(),
        pictures,
        labels: [take.labels.provenance.poses.clone(), take.labels.provenance.calibration.clone()],
        truth: take.labels.truth.clone(),
    };
    let failed = in_json("describing a pose model");
    Ok(PoseSpec {
        crop_px: take.preprocessing.crop_px.into(),
        background: source.background,
        takes_both: false,
        preprocessing: serde_json::to_string(&take.preprocessing).map_err(&failed)?,
        preprocessing_hash: format!("{:016x}", take.preprocessing.hash()),
        joint_set: take.labels.joint_set.clone(),
        joint_names: JOINT_NAMES.map(str::to_owned).to_vec(),
        encoder_version: source.version.clone(),
        training: serde_json::to_string(&training).map_err(&failed)?,
    })
}
