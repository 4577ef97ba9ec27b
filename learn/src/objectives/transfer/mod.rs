//! Transfer: an encoder with heads for 3D joints, 2D joints in the crop, and confidence, trained on labels of rendered
//! people.

mod rows;
mod spec;

use std::path::Path;

use model::{
    Frozen, Mode, ModelError, PoseCheckpointMeta, PoseModel, Precision, SyncNet, autocast, confidence_loss,
    distance_loss, joint_distances, plane_loss, pose_checkpoint, pose_loss,
};
use pose::JOINTS;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use recipe::{PoseLoss, PoseTarget, TrainRecipe};
use tch::{Device, Tensor};

use super::stage_state::{RECALIBRATION_BATCHES, StageState};
use crate::LearnError;
use crate::data::augment::{Augment, Augmented};
use crate::data::pose_statistics::statistics;
use crate::data::rendered::{Dataset, Split};
use crate::error::during;
use crate::from_recipe;
use crate::seeds;
use crate::trainer::{Loss, Objective, Resumable};
pub use rows::labelled_rows;
pub use spec::RenderedTraining;
use spec::spec;

/// At most this many poses are used for the mean and standard deviation of the coordinates.
const STATISTICS_ROWS: usize = 20_000;

/// The losses of one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TransferLosses {
    /// 3D loss; its kind is set by the recipe.
    pub pose: f64,
    /// 2D loss, in units of the crop's side.
    pub plane: f64,
    pub confidence: f64,
    /// Mean error of the 16 joints other than the root, in mm, for either kind of 3D loss.
    pub mpjpe_mm: f64,
}

pub(crate) struct Transfer<'a> {
    recipe: &'a TrainRecipe,
    dataset: &'a Dataset,
    model: PoseModel,
    augment: Augment,
    /// Training pictures, as rows of the dataset.
    rows: Vec<u32>,
    /// Number and order of the current epoch.
    order: Option<(u64, Vec<u32>)>,
}

impl<'a> Transfer<'a> {
    /// New heads on a copy of an encoder. Recomputes BatchNorm statistics in all stages, also frozen ones: those of a
    /// random encoder are meaningless, and those of a pretrained one come from differently augmented pictures.
    ///
    /// # Errors
    /// If there are too few labelled pictures, or the device fails.
    pub fn new(
        recipe: &'a TrainRecipe,
        dataset: &'a Dataset,
        precision: Precision,
        encoder: &SyncNet,
        encoder_version: String,
    ) -> Result<Self, LearnError> {
        let rows = labelled_rows(recipe, dataset)?;
        let step = rows.len().div_ceil(STATISTICS_ROWS).max(1);
        let sample: Vec<u32> = rows.iter().copied().step_by(step).collect();
        let (mean, std) = statistics(dataset.poses(&sample).map_err(during("reading labels"))?.iter());
        let spec = spec(recipe, dataset, &rows, encoder_version)?;
        let seed = recipe.seed as i64;
        let model = PoseModel::from_encoder(encoder, &mean, &std, spec, seed)
            .and_then(|model| model.with_heads(seed))
            .map_err(during("creating the pose model"))?;
        let mut transfer = Self::with_model(recipe, dataset, model, rows)?;
        let pictures = transfer.recalibration(0)?;
        autocast(precision, transfer.device(), || {
            transfer.model.recalibrate_batch_norm(&mut pictures.into_iter(), Frozen::Nothing)
        })
        .map_err(during("recomputing BatchNorm statistics"))?;
        Ok(transfer)
    }

    /// Opens the model of a checkpoint, to resume its training.
    ///
    /// # Errors
    /// If the file is damaged or belongs to another recipe or session.
    pub fn open(recipe: &'a TrainRecipe, dataset: &'a Dataset, path: &Path) -> Result<Self, LearnError> {
        let (model, state) = pose_checkpoint::open(path, dataset.device()).map_err(during("resuming"))?;
        StageState::of(path, state)?.check(path, recipe, dataset)?;
        let rows = labelled_rows(recipe, dataset)?;
        // An earlier build may have written fewer fields.
        let spec = spec(recipe, dataset, &rows, model.spec().encoder_version.clone())?;
        Self::with_model(recipe, dataset, model.with_spec(spec), rows)
    }

    fn with_model(
        recipe: &'a TrainRecipe,
        dataset: &'a Dataset,
        model: PoseModel,
        rows: Vec<u32>,
    ) -> Result<Self, LearnError> {
        let augment =
            Augment::new(recipe.transfer_augment(), dataset, &dataset.rows(Split::Train), recipe.crop_px, recipe.seed)
                .map_err(during("preparing backgrounds"))?;
        Ok(Self { recipe, dataset, model, augment, rows, order: None })
    }

    pub fn model(&self) -> &PoseModel {
        &self.model
    }

    /// The rows of a step, from shuffled epochs. The order of an epoch depends only on the seed and its number.
    pub fn draw_of(&mut self, step: u64) -> Vec<u32> {
        let (batch, length) = (self.recipe.transfer.batch as u64, self.rows.len() as u64);
        (step * batch..(step + 1) * batch).map(|at| self.epoch(at / length)[(at % length) as usize]).collect()
    }

    fn epoch(&mut self, epoch: u64) -> &[u32] {
        if self.order.as_ref().is_none_or(|(number, _)| *number != epoch) {
            let mut order = self.rows.clone();
            order.shuffle(&mut ChaCha8Rng::seed_from_u64(seeds::of_epoch(self.recipe.seed, epoch)));
            self.order = Some((epoch, order));
        }
        self.order.as_ref().map_or(&[], |(_, order)| order)
    }

    fn varied(&self, rows: &[u32], seed: u64) -> Result<Augmented, LearnError> {
        let batch = self.dataset.batch(rows).map_err(during("gathering pictures"))?;
        self.augment.apply(&batch, None, seed).map_err(during("augmenting pictures"))
    }

    fn frozen(&self) -> Frozen {
        from_recipe::frozen(self.recipe.transfer.train)
    }
}

impl Objective for Transfer<'_> {
    type Batch = Augmented;
    type Report = TransferLosses;

    fn name(&self) -> &'static str {
        "transfer"
    }

    fn device(&self) -> Device {
        self.model.device()
    }

    fn trainable(&self) -> Vec<(String, Tensor)> {
        self.model.trainable(self.frozen())
    }

    fn draw(&mut self, step: u64) -> Result<Option<Augmented>, LearnError> {
        let rows = self.draw_of(step);
        self.varied(&rows, seeds::of_transfer(self.recipe.seed, step)).map(Some)
    }

    fn loss(&self, batch: &Augmented) -> Result<Loss<TransferLosses>, ModelError> {
        let Augmented { input, joints_mm, joints_2d, .. } = batch;
        let (model, plan) = (&self.model, &self.recipe.transfer);
        let output = model.outputs(input, Mode::Train, self.frozen())?;
        let predicted_mm = model.to_mm(&output.pose)?;
        let pose = match plan.loss {
            PoseLoss::Distance => distance_loss(&predicted_mm, joints_mm)?,
            PoseLoss::Squared => pose_loss(&output.pose, &model.normalise(joints_mm)?, &model.weights()?)?,
        };
        let errors = joint_distances(&predicted_mm, joints_mm)?;
        let (Some(plane), Some(confidence)) = (&output.joints_2d, &output.confidence) else {
            return Err(ModelError::Argument("the model has no heads for 2D joints and confidence".to_owned()));
        };
        let (plane, confidence) = (plane_loss(plane, joints_2d)?, confidence_loss(confidence, &errors)?);
        let minimised = match plan.target {
            PoseTarget::Room => pose.f_add(&plane.f_mul_scalar(plan.plane_weight)?)?.f_add(&confidence)?,
            PoseTarget::Picture => plane.shallow_clone(),
        };
        let mpjpe = errors.f_narrow(1, 1, JOINTS as i64 - 1)?.f_mean(None)?;
        // A single transfer from the device for all of them.
        let parts = Tensor::f_stack(&[pose, plane, confidence, mpjpe].map(|loss: Tensor| loss.detach()), 0)?;
        let values: Vec<f32> = Vec::try_from(parts.f_to_device(Device::Cpu)?)?;
        let [pose, plane, confidence, mpjpe_mm] = [0, 1, 2, 3].map(|part| f64::from(values[part]));
        Ok(Loss { minimised, report: TransferLosses { pose, plane, confidence, mpjpe_mm } })
    }

    fn diverged(&self, losses: &TransferLosses) -> Option<f64> {
        let TransferLosses { pose, plane, confidence, mpjpe_mm } = *losses;
        let sum = pose + plane + confidence;
        (!(sum + mpjpe_mm).is_finite()).then_some(sum)
    }

    fn recalibration(&mut self, steps: u64) -> Result<Vec<Tensor>, LearnError> {
        let mut inputs = Vec::new();
        for batch in 0..RECALIBRATION_BATCHES {
            let rows = self.draw_of(steps.saturating_sub(batch));
            let seed = seeds::of_transfer_recalibration(self.recipe.seed, steps, batch);
            inputs.push(self.varied(&rows, seed)?.input);
        }
        Ok(inputs)
    }

    fn recalibrate(&self, pictures: Vec<Tensor>) -> Result<(), ModelError> {
        self.model.recalibrate_batch_norm(&mut pictures.into_iter(), self.frozen())
    }
}

impl Resumable for Transfer<'_> {
    type Meta = PoseCheckpointMeta;

    fn tensors(&self) -> Vec<(String, Tensor)> {
        self.model.tensors()
    }

    fn meta(&self, steps: u64) -> Result<PoseCheckpointMeta, LearnError> {
        let total_steps = from_recipe::of_transfer(&self.recipe.transfer).1.total_steps;
        let state = StageState::new(self.recipe, self.dataset, steps, total_steps)?.to_json()?;
        Ok(PoseCheckpointMeta::new(&self.model, state))
    }

    fn resume(&mut self, path: &Path, meta: PoseCheckpointMeta) -> Result<u64, LearnError> {
        let state = StageState::of(path, meta.state)?;
        state.check(path, self.recipe, self.dataset)?;
        Ok(state.steps)
    }
}
