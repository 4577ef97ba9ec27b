use frame_sync::{HoldOut, Side};
use model::{
    AdamW, AdamWConfig, Background, Cosine, Mode, PictureBatch, PoseModel, PoseSpec, Precision, STAGES, SyncNet,
    autocast, pose_loss,
};
use pose::{JOINT_NAMES, JOINTS, Pose3d, flip};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::error::during;
use super::{EncoderSource, FinetuneError, LabelledSample, LabelledTake};

/// Batches over which the statistics of a random encoder's BatchNorm are taken.
const CALIBRATION_BATCHES: usize = 8;

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
    fn check(&self) -> Result<(), FinetuneError> {
        let wrong = |problem: String| Err(FinetuneError::Config(problem));
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
pub struct Finetuner<'a> {
    model: PoseModel,
    optimiser: AdamW,
    schedule: Cosine,
    config: FinetuneConfig,
    background: Background,
    pictures: Vec<&'a LabelledSample>,
    /// Pictures of the current epoch that are still to come.
    ahead: Vec<usize>,
    rng: ChaCha8Rng,
    steps: u64,
}

impl<'a> Finetuner<'a> {
    /// A head on a copy of the encoder, and the normalisation of the training labels. Only instants on the training
    /// side of the hold-out are ever looked at.
    ///
    /// # Errors
    /// A setting out of range, fewer than two training pictures.
    pub fn new(source: &EncoderSource, take: &'a LabelledTake, config: FinetuneConfig) -> Result<Self, FinetuneError> {
        config.check()?;
        let (trained, _) = split(take, &config.hold_out);
        if trained.len() < 2 {
            return Err(FinetuneError::TooFew(format!(
                "{} labelled pictures are on the training side of the hold-out; take a longer take or hold out less",
                trained.len()
            )));
        }
        let (mean, std) = statistics(&trained);
        let training = Training {
            config: config.clone(),
            pictures: trained.len(),
            labels: [take.labels.provenance.poses.clone(), take.labels.provenance.calibration.clone()],
            truth: take.labels.truth.clone(),
        };
        let json = |value: serde_json::Result<String>| value.map_err(|e| FinetuneError::Config(e.to_string()));
        let spec = PoseSpec {
            crop_px: take.preprocessing.crop_px.into(),
            background: source.background,
            takes_both: false,
            preprocessing: json(serde_json::to_string(&take.preprocessing))?,
            preprocessing_hash: format!("{:016x}", take.preprocessing.hash()),
            joint_set: take.labels.joint_set.clone(),
            joint_names: JOINT_NAMES.map(str::to_owned).to_vec(),
            encoder_version: source.version.clone(),
            training: json(serde_json::to_string(&training))?,
        };
        let mut tuner_rng = ChaCha8Rng::seed_from_u64(config.seed);
        if !source.calibrated {
            calibrate(&source.net, &trained, source.background, &config, &mut tuner_rng)?;
        }
        // The seed is a label: any 64 bits will do.
        let model = PoseModel::from_encoder(&source.net, &mean, &std, spec, config.seed as i64)
            .map_err(during("making the pose model"))?;
        let adamw =
            AdamWConfig { lr: config.learning_rate, weight_decay: config.weight_decay, ..AdamWConfig::default() };
        let optimiser =
            AdamW::new(adamw, model.freeze_stages(config.frozen_stages)).map_err(during("making the optimiser"))?;
        let schedule = Cosine { lr: config.learning_rate, warm_up_steps: 0, total_steps: config.steps };
        Ok(Self {
            model,
            optimiser,
            schedule,
            background: source.background,
            pictures: trained,
            ahead: Vec::new(),
            rng: tuner_rng,
            steps: 0,
            config,
        })
    }

    /// One step; its loss is the squared norm of the normalised error, mean over pictures.
    ///
    /// # Errors
    /// A device that fails, a loss that is no number.
    pub fn step(&mut self) -> Result<f64, FinetuneError> {
        let failed = during("a step of fine-tuning");
        let device = self.model.device();
        let drawn = self.draw();
        let (input, targets) = batch(&drawn, self.background, device)?;
        let (model, frozen) = (&self.model, self.config.frozen_stages);
        self.optimiser.zero_grad().map_err(&failed)?;
        let loss = autocast(self.config.precision, device, || {
            let predicted = model.forward(&input, Mode::Train, frozen)?;
            pose_loss(&predicted, &model.normalise(&targets)?, &model.weights()?)
        })
        .map_err(&failed)?;
        let value = loss.f_double_value(&[]).map_err(|e| failed(e.into()))?;
        if !value.is_finite() {
            return Err(FinetuneError::Config(format!(
                "the loss became {value} at step {}: lower the learning rate",
                self.steps
            )));
        }
        loss.f_backward().map_err(|e| failed(e.into()))?;
        self.optimiser.step(self.schedule.at(self.steps)).map_err(&failed)?;
        self.steps += 1;
        Ok(value)
    }

    pub fn done(&self) -> bool {
        self.steps >= self.config.steps
    }

    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Pictures that it trains on.
    pub fn pictures(&self) -> usize {
        self.pictures.len()
    }

    pub fn finish(self) -> PoseModel {
        self.model
    }

    /// The next pictures of a shuffled epoch, each mirrored or not by a coin.
    fn draw(&mut self) -> Vec<(&'a LabelledSample, bool)> {
        let wanted = self.config.batch.min(self.pictures.len());
        if self.ahead.len() < wanted {
            self.ahead = (0..self.pictures.len()).collect();
            self.ahead.shuffle(&mut self.rng);
        }
        let rest = self.ahead.len() - wanted;
        self.ahead.split_off(rest).into_iter().map(|index| (self.pictures[index], self.rng.random())).collect()
    }
}

/// Labelled pictures to train on, and those to measure on. Guards between the two, if any, are in neither.
pub(crate) fn split<'a>(
    take: &'a LabelledTake,
    hold_out: &HoldOut,
) -> (Vec<&'a LabelledSample>, Vec<&'a LabelledSample>) {
    // The exposure only decides where there is no source.
    let of = |wanted| take.samples.iter().filter(move |s| hold_out.side(Some(s.source), 0) == wanted).collect();
    (of(Side::Train), of(Side::HeldOut))
}

/// Mean and standard deviation of each coordinate over the training labels.
fn statistics(samples: &[&LabelledSample]) -> ([f64; 3 * JOINTS], [f64; 3 * JOINTS]) {
    let count = samples.len() as f64;
    let value = |sample: &LabelledSample, at: usize| f64::from(sample.pose[at / 3][at % 3]);
    let mean: [f64; 3 * JOINTS] =
        std::array::from_fn(|at| samples.iter().map(|sample| value(sample, at)).sum::<f64>() / count);
    let std = std::array::from_fn(|at| {
        (samples.iter().map(|sample| (value(sample, at) - mean[at]).powi(2)).sum::<f64>() / count).sqrt()
    });
    (mean, std)
}

/// Pictures `[N, 3, S, S]` and their root-relative poses `[N, 17, 3]` in mm, mirrored together.
fn batch(
    drawn: &[(&LabelledSample, bool)],
    background: Background,
    device: tch::Device,
) -> Result<(Tensor, Tensor), FinetuneError> {
    let failed = during("filling a batch");
    let size = drawn.first().map_or(0, |(sample, _)| sample.sample.size_px);
    let mut pictures = PictureBatch::new(size.into());
    let mut poses = Vec::with_capacity(drawn.len() * 3 * JOINTS);
    for (LabelledSample { sample, pose, .. }, mirrored) in drawn {
        pictures.push(&sample.rgb, &sample.mask, *mirrored).map_err(&failed)?;
        let pose: Pose3d = if *mirrored { flip(pose) } else { *pose };
        poses.extend(pose.into_iter().flatten());
    }
    let input = pictures.to_input(device, Kind::Float, background).map_err(&failed)?;
    let targets = Tensor::f_from_slice(&poses)
        .and_then(|flat| flat.f_reshape([-1, JOINTS as i64, 3]))
        .map_err(|e| failed(e.into()))?;
    Ok((input, targets))
}

/// A random encoder has no statistics of pictures, which its frozen stages would need.
fn calibrate(
    net: &SyncNet,
    samples: &[&LabelledSample],
    background: Background,
    config: &FinetuneConfig,
    rng: &mut ChaCha8Rng,
) -> Result<(), FinetuneError> {
    let mut batches = Vec::with_capacity(CALIBRATION_BATCHES);
    for _ in 0..CALIBRATION_BATCHES {
        let drawn: Vec<_> =
            (0..config.batch.max(16)).map(|_| (samples[rng.random_range(0..samples.len())], rng.random())).collect();
        batches.push(batch(&drawn, background, net.device())?.0);
    }
    net.recalibrate_batch_norm(&mut batches.into_iter()).map_err(during("taking BatchNorm's statistics"))
}
