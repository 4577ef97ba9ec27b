//! 3D poses from few labels of one take (SYNC §3.2): a linear layer on an encoder trained without labels.

use model::{Background, Mode, ModelError, PictureBatch, PoseModel, SyncNet, pose_loss};
use pose::{JOINTS, Pose3d, flip};
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

/// A pose model trained on labelled pictures. Each draw depends on those before, so that training cannot be resumed.
pub(crate) struct PoseHead<'a> {
    pub model: PoseModel,
    pub background: Background,
    pub pictures: Vec<&'a LabelledSample>,
    frozen_stages: usize,
    batch: usize,
    /// Pictures left in the current epoch.
    ahead: Vec<usize>,
    rng: ChaCha8Rng,
}

impl<'a> PoseHead<'a> {
    /// Trains on `batch` pictures per step and keeps the first `frozen_stages` stages of the encoder fixed. `rng`
    /// supplies all random numbers of the run.
    pub fn new(
        model: PoseModel,
        background: Background,
        pictures: Vec<&'a LabelledSample>,
        frozen_stages: usize,
        batch: usize,
        rng: ChaCha8Rng,
    ) -> Self {
        Self { model, background, pictures, frozen_stages, batch, ahead: Vec::new(), rng }
    }

    /// The next pictures of a shuffled epoch, each mirrored with probability 0.5.
    fn next(&mut self) -> Vec<(&'a LabelledSample, bool)> {
        let wanted = self.batch.min(self.pictures.len());
        if self.ahead.len() < wanted {
            self.ahead = (0..self.pictures.len()).collect();
            self.ahead.shuffle(&mut self.rng);
        }
        let rest = self.ahead.len() - wanted;
        self.ahead.split_off(rest).into_iter().map(|index| (self.pictures[index], self.rng.random())).collect()
    }
}

impl Objective for PoseHead<'_> {
    /// Pictures `[N, 3, S, S]` and poses `[N, 17, 3]` in mm.
    type Batch = (Tensor, Tensor);
    /// Squared norm of the normalised error, averaged over pictures.
    type Report = f64;

    fn name(&self) -> &'static str {
        "fine-tuning"
    }

    fn device(&self) -> Device {
        self.model.device()
    }

    fn trainable(&self) -> Vec<(String, Tensor)> {
        self.model.freeze_stages(self.frozen_stages)
    }

    fn draw(&mut self, _step: u64) -> Result<Option<Self::Batch>, LearnError> {
        let drawn = self.next();
        batch(&drawn, self.background, self.device()).map(Some)
    }

    fn loss(&self, (input, targets): &Self::Batch) -> Result<Loss<f64>, ModelError> {
        let model = &self.model;
        let predicted = model.forward(input, Mode::Train, self.frozen_stages)?;
        let minimised = pose_loss(&predicted, &model.normalise(targets)?, &model.weights()?)?;
        let report = minimised.f_double_value(&[])?;
        Ok(Loss { minimised, report })
    }

    fn diverged(&self, loss: &f64) -> Option<f64> {
        (!loss.is_finite()).then_some(*loss)
    }
}

/// Pictures `[N, 3, S, S]` and their root-relative poses `[N, 17, 3]` in mm, mirrored together.
fn batch(
    drawn: &[(&LabelledSample, bool)],
    background: Background,
    device: Device,
) -> Result<(Tensor, Tensor), LearnError> {
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

/// Computes the BatchNorm statistics of a random encoder, which its frozen stages need.
pub(crate) fn calibrate(
    net: &SyncNet,
    samples: &[&LabelledSample],
    background: Background,
    batch_size: usize,
    rng: &mut ChaCha8Rng,
) -> Result<(), LearnError> {
    let mut batches = Vec::with_capacity(CALIBRATION_BATCHES);
    for _ in 0..CALIBRATION_BATCHES {
        let drawn: Vec<_> =
            (0..batch_size.max(16)).map(|_| (samples[rng.random_range(0..samples.len())], rng.random())).collect();
        batches.push(batch(&drawn, background, net.device())?.0);
    }
    net.recalibrate_batch_norm(&mut batches.into_iter()).map_err(during("computing BatchNorm statistics"))
}
