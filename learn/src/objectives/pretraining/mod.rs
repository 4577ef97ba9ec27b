//! Training on a pretext task, with pictures from any source.

mod anchor_features;
mod copies;
mod moments;
mod strip;
mod takes;

use std::path::Path;

use frame_sync::pairs::ImageRef;
use model::{CheckpointMeta, Mode, ModelError, SyncNet, SyncNetConfig};
use tch::{Device, Tensor};

use super::pretext::{Draw, HeadLosses, PretextTask};
use crate::LearnError;
use crate::data::SampleWanted;
use crate::seeds::Purpose;
use crate::trainer::{Loss, Objective, Resumable};
pub(crate) use anchor_features::{anchor_features, by_instant};
pub(crate) use copies::Copies;
pub(crate) use moments::{LiveMoments, check_checkpoint};
pub(crate) use takes::RenderedTakes;
pub use takes::TakesDraw;

/// A loss from which on training has diverged; at chance level it is 2.77.
const DIVERGED: f64 = 100.0;

/// A source of pictures for a pretext task.
pub(crate) trait PictureSource {
    /// The pictures of one step, and the pairs among them.
    type Drawn;

    /// `None` if the source contains no pairs yet.
    fn draw(&self, task: &dyn PretextTask, seed: u64, step: u64) -> Result<Option<Self::Drawn>, LearnError>;

    fn pairs(drawn: Self::Drawn) -> Draw;

    /// The pictures as `[images, 3, size, size]`, in the order of the draw's images.
    fn input(&self, drawn: &Self::Drawn, wanted: SampleWanted, seed: u64, device: Device)
    -> Result<Tensor, LearnError>;

    fn seed(&self, step: u64, purpose: Purpose) -> u64;

    /// Number of batches for recomputing BatchNorm statistics.
    fn recalibration_batches(&self) -> u64;

    /// Metadata for a checkpoint.
    fn meta(&self, net: SyncNetConfig, steps: u64) -> Result<CheckpointMeta, LearnError>;

    /// Checks a checkpoint's metadata and returns its number of steps.
    fn resume(&mut self, path: &Path, meta: &CheckpointMeta) -> Result<u64, LearnError>;
}

/// The result of one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairStep {
    /// The minimised loss: the sum over both heads. Chance level is 4 ln 2 ≈ 2.77; half of it
    /// where one head alone learns.
    pub loss: f64,
    pub heads: HeadLosses<f64>,
    pub images: usize,
    /// Number of pairs, summed over both heads.
    pub pairs: usize,
}

/// What a step leaves: its result, and the features of its pictures.
pub(crate) struct PairReport {
    pub step: PairStep,
    pub images: Vec<ImageRef>,
    /// `[images, D]`, without gradients.
    pub features: Tensor,
}

pub(crate) struct Pretraining<S> {
    pub task: Box<dyn PretextTask>,
    pub net: SyncNet,
    pub source: S,
    /// Which statistics normalise features while it learns.
    pub mode: Mode,
    /// Further copies of the network, if others get one of them.
    pub copies: Option<Copies>,
}

/// Pictures `[images, 3, size, size]`, and the pairs among them.
pub(crate) struct PairBatch {
    input: Tensor,
    pairs: Draw,
}

impl<S: PictureSource> Pretraining<S> {
    /// A network alone, that learns by the statistics of each batch.
    pub fn new(task: Box<dyn PretextTask>, net: SyncNet, source: S) -> Self {
        Self { task, net, source, mode: Mode::Train, copies: None }
    }

    /// The pictures and pairs of a training step.
    pub fn draw_of(&self, step: u64) -> Result<Option<S::Drawn>, LearnError> {
        self.source.draw(&*self.task, self.source.seed(step, Purpose::Training), step)
    }

    fn batch(&self, step: u64, purpose: Purpose) -> Result<Option<PairBatch>, LearnError> {
        let seed = self.source.seed(step, purpose);
        let Some(drawn) = self.source.draw(&*self.task, seed, step)? else { return Ok(None) };
        let input = self.source.input(&drawn, self.task.wants(), seed, self.net.device())?;
        Ok(Some(PairBatch { input, pairs: S::pairs(drawn) }))
    }
}

impl<S: PictureSource> Objective for Pretraining<S> {
    type Batch = PairBatch;
    type Report = PairReport;

    fn name(&self) -> &'static str {
        self.task.name()
    }

    fn device(&self) -> Device {
        self.net.device()
    }

    fn trainable(&self) -> Vec<(String, Tensor)> {
        self.net.trainable()
    }

    fn draw(&mut self, step: u64) -> Result<Option<PairBatch>, LearnError> {
        self.batch(step, Purpose::Training)
    }

    fn loss(&self, PairBatch { input, pairs }: &PairBatch) -> Result<Loss<PairReport>, ModelError> {
        let features = self.net.features(input, self.mode)?;
        let losses = self.task.loss(&self.net, &features, pairs)?;
        let heads = losses.values()?;
        let step = PairStep {
            loss: heads.total(),
            heads,
            images: pairs.images.len(),
            pairs: pairs.sync.len() + pairs.flip.len(),
        };
        let report = PairReport { step, images: pairs.images.clone(), features: features.f_detach()? };
        Ok(Loss { minimised: losses.total()?, report })
    }

    fn diverged(&self, PairReport { step, .. }: &PairReport) -> Option<f64> {
        (!step.loss.is_finite() || step.loss > DIVERGED).then_some(step.loss)
    }

    /// Contains mirrored pictures, as in training.
    fn recalibration(&mut self, steps: u64) -> Result<Vec<Tensor>, LearnError> {
        let mut inputs = Vec::new();
        for batch in 0..self.source.recalibration_batches() {
            let Some(batch) = self.batch(steps, Purpose::Recalibration(batch))? else { break };
            inputs.push(batch.input);
        }
        Ok(inputs)
    }

    fn recalibrate(&self, pictures: Vec<Tensor>) -> Result<(), ModelError> {
        if let Some(copies) = &self.copies {
            copies.average().recalibrate_batch_norm(&mut pictures.iter().map(Tensor::shallow_clone))?;
        }
        self.net.recalibrate_batch_norm(&mut pictures.into_iter())
    }
}

impl<S: PictureSource> Resumable for Pretraining<S> {
    type Meta = CheckpointMeta;

    fn tensors(&self) -> Vec<(String, Tensor)> {
        self.net.tensors()
    }

    fn beside(&self) -> Vec<(String, Tensor)> {
        self.copies.as_ref().map(Copies::tensors).unwrap_or_default()
    }

    fn begin_beside(&mut self) -> Result<(), ModelError> {
        self.copies.as_mut().map_or(Ok(()), |copies| copies.begin(&self.net))
    }

    fn meta(&self, steps: u64) -> Result<CheckpointMeta, LearnError> {
        self.source.meta(*self.net.config(), steps)
    }

    fn resume(&mut self, path: &Path, meta: CheckpointMeta) -> Result<u64, LearnError> {
        self.source.resume(path, &meta)
    }
}
