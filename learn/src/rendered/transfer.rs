//! Stage two: poses, from labels.

use std::collections::BTreeSet;
use std::path::Path;

use model::{
    AdamW, Background, Cosine, Mode, ModelError, PoseModel, PoseSpec, Precision, SyncNet, autocast, confidence_loss,
    distance_loss, joint_distances, plane_loss, pose_checkpoint, pose_loss,
};
use pose::{JOINT_NAMES, JOINTS, Pose3d};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use recipe::{PoseLoss, TrainRecipe};
use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::RenderedError;
use super::augment::{Augment, Augmented};
use super::dataset::{Dataset, Split};
use super::draws::seed_of;
use super::error::during;
use super::trainer::{Kept, STEADY_BATCHES, kept};
use crate::from_recipe;

const NAME: &str = "transfer";
/// Poses that mean and deviation of the coordinates are taken over, at most.
const STATISTICS_ROWS: usize = 20_000;

/// What a pose model says of its training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RenderedTraining {
    /// The recipe, as TOML.
    pub recipe: String,
    /// Pictures whose labels it learned from, and how many of them it saw, counting repetitions.
    pub labelled_pictures: usize,
    pub samples: u64,
    pub people: BTreeSet<String>,
    pub clips: usize,
    pub actions: BTreeSet<String>,
}

/// The losses of one step. 3D as the recipe has it; in the plane in sides of the crop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TransferLosses {
    pub pose: f64,
    pub plane: f64,
    pub confidence: f64,
    /// Mean distance of the 16 joints in mm, whichever the loss.
    pub mpjpe_mm: f64,
}

pub(crate) struct TransferStage<'a> {
    recipe: &'a TrainRecipe,
    dataset: &'a Dataset,
    model: PoseModel,
    optimiser: AdamW,
    schedule: Cosine,
    precision: Precision,
    augment: Augment,
    /// What it learns from.
    rows: Vec<u32>,
    /// The order of one epoch.
    order: Option<(u64, Vec<u32>)>,
    pub steps: u64,
}

impl<'a> TransferStage<'a> {
    /// New heads on a copy of an encoder, BatchNorm's statistics taken anew in all stages, also those that stay frozen: a
    /// random encoder knows nothing of pictures, a pretrained one those of pretraining.
    pub fn new(
        recipe: &'a TrainRecipe,
        dataset: &'a Dataset,
        precision: Precision,
        encoder: &SyncNet,
        encoder_version: String,
    ) -> Result<Self, RenderedError> {
        let rows = labelled_rows(recipe, dataset)?;
        let step = rows.len().div_ceil(STATISTICS_ROWS).max(1);
        let sample: Vec<u32> = rows.iter().copied().step_by(step).collect();
        let (mean, std) = statistics(&dataset.poses(&sample).map_err(during("reading labels"))?);
        let spec = spec(recipe, dataset, &rows, encoder_version)?;
        let seed = recipe.seed as i64;
        let model = PoseModel::from_encoder(encoder, &mean, &std, spec, seed)
            .and_then(|model| model.with_heads(seed))
            .map_err(during("making the pose model"))?;
        let mut stage = Self::with_model(recipe, dataset, precision, model, rows)?;
        stage.take_statistics(0)?;
        Ok(stage)
    }

    /// Goes on from a file of [`Self::save`].
    pub fn resume(
        recipe: &'a TrainRecipe,
        dataset: &'a Dataset,
        precision: Precision,
        path: &Path,
    ) -> Result<Self, RenderedError> {
        let (model, state) = pose_checkpoint::open(path, dataset.device()).map_err(during("resuming"))?;
        let kept = Kept::of(path, state)?;
        kept.check(path, recipe, dataset)?;
        let rows = labelled_rows(recipe, dataset)?;
        // The file may have been written by a build that said less.
        let spec = spec(recipe, dataset, &rows, model.spec().encoder_version.clone())?;
        let mut stage = Self::with_model(recipe, dataset, precision, model.with_spec(spec), rows)?;
        pose_checkpoint::restore(path, &stage.optimiser).map_err(during("resuming"))?;
        stage.steps = kept.steps;
        Ok(stage)
    }

    fn with_model(
        recipe: &'a TrainRecipe,
        dataset: &'a Dataset,
        precision: Precision,
        model: PoseModel,
        rows: Vec<u32>,
    ) -> Result<Self, RenderedError> {
        let frozen = from_recipe::frozen_stages(recipe.transfer.train);
        let (adamw, schedule) = from_recipe::of_transfer(&recipe.transfer);
        let optimiser = AdamW::new(adamw, model.freeze_stages(frozen)).map_err(during("making the optimiser"))?;
        let augment = Augment::new(recipe.augment, dataset, &dataset.rows(Split::Train), recipe.crop_px, recipe.seed)
            .map_err(during("preparing backgrounds"))?;
        Ok(Self { recipe, dataset, model, optimiser, schedule, precision, augment, rows, order: None, steps: 0 })
    }

    pub fn done(&self) -> bool {
        self.steps >= self.schedule.total_steps
    }

    pub fn total_steps(&self) -> u64 {
        self.schedule.total_steps
    }

    pub fn model(&self) -> &PoseModel {
        &self.model
    }

    /// One step: pictures seen, and the losses.
    pub fn step(&mut self) -> Result<(usize, TransferLosses), RenderedError> {
        let rows = self.draw_of(self.steps);
        let Augmented { input, joints_mm, joints_2d } = self.varied(&rows, self.seed(0, self.steps))?;
        let (model, plan) = (&self.model, &self.recipe.transfer);
        let failed = during("a step of transfer");
        self.optimiser.zero_grad().map_err(&failed)?;
        let losses = autocast(self.precision, model.device(), || {
            let output = model.outputs(&input, Mode::Train, from_recipe::frozen_stages(plan.train))?;
            let predicted_mm = model.to_mm(&output.pose)?;
            let pose = match plan.loss {
                PoseLoss::Distance => distance_loss(&predicted_mm, &joints_mm)?,
                PoseLoss::Squared => pose_loss(&output.pose, &model.normalise(&joints_mm)?, &model.weights()?)?,
            };
            let errors = joint_distances(&predicted_mm, &joints_mm)?;
            let (Some(plane), Some(confidence)) = (&output.joints_2d, &output.confidence) else {
                return Err(ModelError::Argument("the model in training has no heads for the plane".to_owned()));
            };
            let (plane, confidence) = (plane_loss(plane, &joints_2d)?, confidence_loss(confidence, &errors)?);
            let sum = pose.f_add(&plane.f_mul_scalar(plan.plane_weight)?)?.f_add(&confidence)?;
            let mpjpe = errors.f_narrow(1, 1, JOINTS as i64 - 1)?.f_mean(None)?;
            // One look at the device for all of them.
            Ok((sum, Tensor::f_stack(&[pose, plane, confidence, mpjpe].map(|loss: Tensor| loss.detach()), 0)?))
        });
        let (loss, parts) = losses.map_err(&failed)?;
        let values: Vec<f32> =
            Vec::try_from(parts.to_device(tch::Device::Cpu)).map_err(|e: tch::TchError| failed(e.into()))?;
        let [pose, plane, confidence, mpjpe_mm] = [0, 1, 2, 3].map(|part| f64::from(values[part]));
        if values.iter().any(|value| !value.is_finite()) {
            return Err(RenderedError::Diverged { stage: NAME, step: self.steps, loss: pose + plane + confidence });
        }
        loss.f_backward().map_err(|e| failed(e.into()))?;
        self.optimiser.step(self.schedule.at(self.steps)).map_err(&failed)?;
        self.steps += 1;
        Ok((rows.len(), TransferLosses { pose, plane, confidence, mpjpe_mm }))
    }

    /// The rows of a step: shuffled epochs, each a function of the seed and its number.
    pub fn draw_of(&mut self, step: u64) -> Vec<u32> {
        let (batch, length) = (self.recipe.transfer.batch as u64, self.rows.len() as u64);
        (step * batch..(step + 1) * batch).map(|at| self.epoch(at / length)[(at % length) as usize]).collect()
    }

    fn epoch(&mut self, epoch: u64) -> &[u32] {
        if self.order.as_ref().is_none_or(|(number, _)| *number != epoch) {
            let mut order = self.rows.clone();
            order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed_of(&[self.recipe.seed, 22, epoch])));
            self.order = Some((epoch, order));
        }
        self.order.as_ref().map_or(&[], |(_, order)| order)
    }

    fn varied(&self, rows: &[u32], seed: u64) -> Result<Augmented, RenderedError> {
        let batch = self.dataset.batch(rows).map_err(during("gathering pictures"))?;
        self.augment.apply(&batch, None, seed).map_err(during("varying pictures"))
    }

    /// Takes BatchNorm's statistics anew over batches as training draws them.
    pub fn recalibrate(&mut self) -> Result<(), RenderedError> {
        self.take_statistics(from_recipe::frozen_stages(self.recipe.transfer.train))
    }

    fn take_statistics(&mut self, frozen: usize) -> Result<(), RenderedError> {
        let batches = self.steady_inputs()?;
        autocast(self.precision, self.model.device(), || {
            self.model.recalibrate_batch_norm(&mut batches.into_iter(), frozen)
        })
        .map_err(during("taking BatchNorm's statistics anew"))
    }

    /// Inputs as training draws them.
    fn steady_inputs(&mut self) -> Result<Vec<Tensor>, RenderedError> {
        let mut batches = Vec::new();
        for index in 0..STEADY_BATCHES {
            let rows = self.draw_of(self.steps.saturating_sub(index));
            batches.push(self.varied(&rows, seed_of(&[self.seed(1, self.steps), index]))?.input);
        }
        Ok(batches)
    }

    pub fn save(&self, path: &Path) -> Result<(), RenderedError> {
        let state = kept(self.recipe, self.dataset, [self.steps, self.total_steps()])?;
        pose_checkpoint::save(path, &self.model, &self.optimiser, state).map_err(during("writing a checkpoint"))
    }

    fn seed(&self, stream: u64, step: u64) -> u64 {
        seed_of(&[self.recipe.seed, 20 + stream, step])
    }
}

/// Training pictures of the people whose labels are used.
///
/// # Errors
/// More people than there are, fewer pictures than two.
pub fn labelled_rows(recipe: &TrainRecipe, dataset: &Dataset) -> Result<Vec<u32>, RenderedError> {
    let mut people: Vec<String> = dataset.distinct(Split::Train, |take| &take.person).into_iter().collect();
    let wanted = recipe.transfer.people;
    if wanted > people.len() {
        let there = people.len();
        return Err(RenderedError::Nothing(format!(
            "transfer.people is {wanted}, but {there} people are to learn from"
        )));
    }
    if wanted > 0 {
        people.shuffle(&mut ChaCha8Rng::seed_from_u64(seed_of(&[recipe.seed, 21])));
        people.truncate(wanted);
    }
    let rows: Vec<u32> = dataset
        .rows(Split::Train)
        .into_iter()
        .filter(|&row| people.contains(&dataset.take_of(row).about.person))
        .collect();
    if rows.len() < 2 {
        return Err(RenderedError::Nothing(format!("{} labelled pictures are too few to learn from", rows.len())));
    }
    Ok(rows)
}

/// Mean and standard deviation of each coordinate.
fn statistics(poses: &[Pose3d]) -> ([f64; 3 * JOINTS], [f64; 3 * JOINTS]) {
    let count = poses.len().max(1) as f64;
    let value = |pose: &Pose3d, at: usize| f64::from(pose[at / 3][at % 3]);
    let mean: [f64; 3 * JOINTS] =
        std::array::from_fn(|at| poses.iter().map(|pose| value(pose, at)).sum::<f64>() / count);
    let std = std::array::from_fn(|at| {
        (poses.iter().map(|pose| (value(pose, at) - mean[at]).powi(2)).sum::<f64>() / count).sqrt()
    });
    (mean, std)
}

fn spec(recipe: &TrainRecipe, dataset: &Dataset, rows: &[u32], encoder: String) -> Result<PoseSpec, RenderedError> {
    let of = |name: fn(&take::SessionTake) -> &String| -> BTreeSet<String> {
        rows.iter().map(|&row| name(&dataset.take_of(row).about).clone()).collect()
    };
    let training = RenderedTraining {
        recipe: recipe.identity()?,
        labelled_pictures: rows.len(),
        samples: recipe.transfer.samples,
        people: of(|take| &take.person),
        clips: of(|take| &take.clip).len(),
        actions: of(|take| &take.action),
    };
    let (preprocessing, removed) = (recipe.preprocessing(), recipe.augment.removed);
    let json = |value: serde_json::Result<String>| value.map_err(|e| RenderedError::Nothing(e.to_string()));
    Ok(PoseSpec {
        crop_px: recipe.crop_px.into(),
        background: if removed > 0.0 { Background::Removed } else { Background::Kept },
        takes_both: removed > 0.0 && removed < 1.0,
        preprocessing: json(serde_json::to_string(&preprocessing))?,
        preprocessing_hash: format!("{:016x}", preprocessing.hash()),
        joint_set: "Human3.6M 17, from rendered people".to_owned(),
        joint_names: JOINT_NAMES.map(str::to_owned).to_vec(),
        encoder_version: encoder,
        training: json(serde_json::to_string(&training))?,
    })
}
