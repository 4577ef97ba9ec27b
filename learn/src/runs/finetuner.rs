//! Fine-tunes an encoder to a pose model, on one take with few labels.

use frame_sync::pairs::HoldOut;
use model::{AdamWConfig, Cosine, Frozen, PoseModel, PoseSpec, Precision, STAGES};
use pose::JOINT_NAMES;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::encoder_source::{EncoderSource, Start};
use crate::LearnError;
use crate::data::pose_statistics::statistics;
use crate::data::{LabelledSample, LabelledTake};
use crate::error::{during, in_json};
use crate::objectives::pose_head::{PoseHead, calibrate};
use crate::trainer::{Trainer, TrainerSettings};

/// Settings for fine-tuning. The defaults are those of SYNC (§3.2, and methods A.6 where the paper is silent), except
/// for the number of steps, which suits one take on a CPU.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct FinetuneConfig {
    pub steps: u64,
    /// Pictures per step.
    pub batch: usize,
    pub learning_rate: f64,
    pub weight_decay: f64,
    /// Number of frozen encoder stages, including their BatchNorm statistics. The stem is frozen with the first stage.
    pub frozen_stages: usize,
    /// Which source positions are held out. The default has no guard: held-out instants are between training instants,
    /// so that errors measure interpolation with or without one.
    pub hold_out: HoldOut,
    pub seed: u64,
    pub precision: Precision,
    /// Also learn the joints in the crop and the confidence, which a finder of joints needs.
    pub heads: bool,
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
            heads: false,
        }
    }
}

impl FinetuneConfig {
    fn check(&self) -> Result<(), LearnError> {
        let wrong = |problem: String| Err(LearnError::Setting(problem));
        if self.frozen_stages > STAGES {
            wrong(format!("frozen stages: {}, but the encoder has {STAGES}", self.frozen_stages))
        } else if self.batch < 2 || self.steps == 0 {
            wrong("at least 2 pictures per step and 1 step are needed".to_owned())
        } else if !(self.learning_rate > 0.0 && self.learning_rate < 1.0) {
            wrong(format!("the learning rate is {}; it must be in (0, 1)", self.learning_rate))
        } else {
            Ok(())
        }
    }
}

/// How a pose model was trained, stored as JSON in [`PoseSpec::training`]. Evaluation needs it to know which instants
/// were held out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Training {
    pub config: FinetuneConfig,
    /// Number of training pictures.
    pub pictures: usize,
    /// Names of the pose and calibration files from which the labels were computed.
    pub labels: [String; 2],
    /// Quality of the labels: see [`pose::Labels::truth`].
    pub truth: String,
}

/// Trains a pose model step by step, so that the caller can show progress and stop early.
pub struct Finetuner<'a>(Trainer<PoseHead<&'a LabelledSample>>);

impl<'a> Finetuner<'a> {
    /// Adds a head to a copy of the encoder, normalised by the training labels; or copies a pose model. Held-out instants
    /// are never used.
    ///
    /// # Errors
    /// If a setting is out of range, or there are fewer than two training pictures.
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
        if let (false, Start::Encoder(net)) = (source.calibrated, &source.start) {
            calibrate(net, &trained, source.background, config.batch, &mut rng)?;
        }
        // Only the bits of the seed matter.
        let seed = config.seed as i64;
        let begun = match &source.start {
            Start::Encoder(net) => PoseModel::from_encoder(net, &mean, &std, spec, seed),
            Start::Model(model) => model.duplicate().map(|model| model.with_spec(spec)),
        };
        let model = begun
            .and_then(|model| if config.heads && !model.has_heads() { model.with_heads(seed) } else { Ok(model) })
            .map_err(during("creating the pose model"))?;
        let head =
            PoseHead::new(model, source.background, trained, Frozen::Stages(config.frozen_stages), config.batch, rng);
        let FinetuneConfig { learning_rate: lr, weight_decay, steps: total_steps, precision, .. } = config;
        let settings = TrainerSettings {
            adamw: AdamWConfig { lr, weight_decay, ..AdamWConfig::default() },
            schedule: Cosine { lr, warm_up_steps: 0, total_steps },
            precision,
        };
        Trainer::new(head, settings).map(Self)
    }

    /// One optimiser step. Returns its loss: the squared norm of the normalised error, averaged over pictures.
    ///
    /// # Errors
    /// If the device fails, or the loss is not finite (the weights are then unchanged).
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

    /// Number of training pictures.
    pub fn pictures(&self) -> usize {
        self.0.objective().pictures.len()
    }

    pub fn finish(self) -> PoseModel {
        self.0.into_objective().model
    }
}

/// The metadata of the pose model.
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
