//! 3D poses from few labels (SYNC §3.2): a linear layer on an encoder trained without labels. A model with the heads
//! for them also learns the joints in the crop, and its confidence.

use std::borrow::Borrow;

use model::{
    Background, Frozen, Mode, ModelError, PictureBatch, PoseModel, PoseOutput, SyncNet, confidence_loss,
    joint_distances, plane_loss, pose_loss,
};
use pose::{JOINTS, LEFT_RIGHT, Pose3d, flip};
use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor};

use crate::LearnError;
use crate::data::LabelledSample;
use crate::error::during;
use crate::trainer::{Loss, Objective};

/// Batches for computing the BatchNorm statistics of a random encoder.
const CALIBRATION_BATCHES: usize = 8;

/// Weight of the loss of the joints in the crop, in sides of the crop, beside that of the normalised pose.
const PLANE_WEIGHT: f64 = 100.0;

/// A pose model trained on labelled pictures. Each draw depends on those before, so that training cannot be resumed.
pub(crate) struct PoseHead<S> {
    pub model: PoseModel,
    pub background: Background,
    pub pictures: Vec<S>,
    frozen: Frozen,
    batch: usize,
    /// Pictures left in the current epoch.
    ahead: Vec<usize>,
    rng: ChaCha8Rng,
}

impl<S: Borrow<LabelledSample>> PoseHead<S> {
    /// Trains on `batch` pictures per step and keeps the `frozen` part of the encoder fixed. `rng`
    /// supplies all random numbers of the run.
    pub fn new(
        model: PoseModel,
        background: Background,
        pictures: Vec<S>,
        frozen: Frozen,
        batch: usize,
        rng: ChaCha8Rng,
    ) -> Self {
        Self { model, background, pictures, frozen, batch, ahead: Vec::new(), rng }
    }

    /// The next pictures of a shuffled epoch, each mirrored with probability 0.5.
    fn next(&mut self) -> Vec<(&LabelledSample, bool)> {
        let wanted = self.batch.min(self.pictures.len());
        if self.ahead.len() < wanted {
            self.ahead = (0..self.pictures.len()).collect();
            self.ahead.shuffle(&mut self.rng);
        }
        let rest = self.ahead.len() - wanted;
        let (pictures, rng) = (&self.pictures, &mut self.rng);
        self.ahead.split_off(rest).into_iter().map(|index| (pictures[index].borrow(), rng.random())).collect()
    }
}

impl<S: Borrow<LabelledSample>> Objective for PoseHead<S> {
    type Batch = PoseBatch;
    /// Squared norm of the normalised error of the 3D pose, averaged over pictures.
    type Report = f64;

    fn name(&self) -> &'static str {
        "fine-tuning"
    }

    fn device(&self) -> Device {
        self.model.device()
    }

    fn trainable(&self) -> Vec<(String, Tensor)> {
        self.model.trainable(self.frozen)
    }

    fn draw(&mut self, _step: u64) -> Result<Option<Self::Batch>, LearnError> {
        let (background, device) = (self.background, self.device());
        batch(&self.next(), background, device).map(Some)
    }

    fn loss(&self, PoseBatch { input, joints_mm, joints_2d }: &PoseBatch) -> Result<Loss<f64>, ModelError> {
        let model = &self.model;
        let PoseOutput { pose, joints_2d: plane, confidence } = model.outputs(input, Mode::Train, self.frozen)?;
        let mut minimised = pose_loss(&pose, &model.normalise(joints_mm)?, &model.weights()?)?;
        let report = minimised.f_double_value(&[])?;
        if let Some(plane) = plane {
            minimised = minimised.f_add(&plane_loss(&plane, joints_2d)?.f_mul_scalar(PLANE_WEIGHT)?)?;
        }
        if let Some(confidence) = confidence {
            let errors_mm = joint_distances(&model.to_mm(&pose)?, joints_mm)?;
            minimised = minimised.f_add(&confidence_loss(&confidence, &errors_mm)?)?;
        }
        Ok(Loss { minimised, report })
    }

    fn diverged(&self, loss: &f64) -> Option<f64> {
        (!loss.is_finite()).then_some(*loss)
    }
}

/// Pictures with their labels.
pub(crate) struct PoseBatch {
    /// `[N, 3, S, S]`.
    input: Tensor,
    /// Root-relative, `[N, 17, 3]`.
    joints_mm: Tensor,
    /// In fractions of the crop's side, `[N, 17, 2]`.
    joints_2d: Tensor,
}

/// A batch of pictures, each mirrored or not, together with its labels.
fn batch(drawn: &[(&LabelledSample, bool)], background: Background, device: Device) -> Result<PoseBatch, LearnError> {
    let failed = during("filling a batch");
    let size = drawn.first().map_or(0, |(sample, _)| sample.sample.size_px);
    let mut pictures = PictureBatch::new(size.into());
    let mut poses = Vec::with_capacity(drawn.len() * 3 * JOINTS);
    let mut plane = Vec::with_capacity(drawn.len() * 2 * JOINTS);
    for (LabelledSample { sample, pose, joints_2d, .. }, mirrored) in drawn {
        pictures.push(&sample.rgb, &sample.mask, *mirrored).map_err(&failed)?;
        let pose: Pose3d = if *mirrored { flip(pose) } else { *pose };
        poses.extend(pose.into_iter().flatten());
        let joints_2d = if *mirrored { flip_2d(joints_2d) } else { *joints_2d };
        plane.extend(joints_2d.into_iter().flatten());
    }
    let input = pictures.to_input(device, Kind::Float, background).map_err(&failed)?;
    let tensor = |values: &[f32], axes: i64| -> Result<Tensor, LearnError> {
        let made = Tensor::f_from_slice(values).and_then(|flat| flat.f_reshape([-1, JOINTS as i64, axes]));
        made.and_then(|tensor| tensor.f_to_device(device)).map_err(|e| failed(e.into()))
    };
    Ok(PoseBatch { input, joints_mm: tensor(&poses, 3)?, joints_2d: tensor(&plane, 2)? })
}

/// The joints of the mirrored crop.
fn flip_2d(joints: &[[f32; 2]; JOINTS]) -> [[f32; 2]; JOINTS] {
    let mut flipped = joints.map(|[x, y]| [1.0 - x, y]);
    for (left, right) in LEFT_RIGHT {
        flipped.swap(left, right);
    }
    flipped
}

/// Computes the BatchNorm statistics of a random encoder, which its frozen stages need.
pub(crate) fn calibrate(
    net: &SyncNet,
    samples: &[impl Borrow<LabelledSample>],
    background: Background,
    batch_size: usize,
    rng: &mut ChaCha8Rng,
) -> Result<(), LearnError> {
    let mut batches = Vec::with_capacity(CALIBRATION_BATCHES);
    for _ in 0..CALIBRATION_BATCHES {
        let drawn: Vec<_> = (0..batch_size.max(16))
            .map(|_| (samples[rng.random_range(0..samples.len())].borrow(), rng.random()))
            .collect();
        batches.push(batch(&drawn, background, net.device())?.input);
    }
    net.recalibrate_batch_norm(&mut batches.into_iter()).map_err(during("computing BatchNorm statistics"))
}
