//! Errors of the joints in the picture, on crops that are not centred on their subject: SYNC's transfer to 2D poses.

use model::{ModelError, PoseModel, Precision, autocast, joint_distances};
use recipe::{AugmentConfig, TrainRecipe};
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use super::spread::spread;
use crate::LearnError;
use crate::data::augment::{Augment, Augmented};
use crate::data::rendered::{Dataset, Split};
use crate::error::during;
use crate::objectives::labelled_rows;
use crate::seeds::seed_of;

/// Errors are in pixels of a frame that is so wide, as Human3.6M's are.
const FRAME_PX: f64 = 1000.0;
/// At most this many labelled pictures make the mean pose.
const MEAN_OF: usize = 6_000;
/// Pictures per batch.
const CHUNK: usize = 256;

/// Mean distances of the 17 joints from where they are, in pixels of a frame 1000 px wide.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PlaneErrors {
    pub pictures: usize,
    pub model_px: f64,
    /// Of the mean place of each joint in the crops of the labelled pictures.
    pub mean_pose_px: f64,
}

impl PlaneErrors {
    /// On held-out pictures (`evaluation.last-pictures` of them), cut at random as in transfer, and otherwise not varied.
    ///
    /// # Errors
    /// If nothing is held out, the model has no head for joints in the picture, or the device fails.
    pub fn of(
        model: &PoseModel,
        recipe: &TrainRecipe,
        dataset: &Dataset,
        precision: Precision,
    ) -> Result<Self, LearnError> {
        let rows = spread(&dataset.test_rows(), recipe.evaluation.last_pictures);
        if rows.is_empty() {
            return Err(LearnError::TooFew("no take of the session is held out: nothing to evaluate on".to_owned()));
        }
        let labelled = spread(&labelled_rows(recipe, dataset)?, MEAN_OF);
        let failed = during("measuring joints in the picture");
        let cuts = Cuts::new(recipe, dataset).map_err(&failed)?;
        let measured = || -> Result<Self, ModelError> {
            let mut places = Vec::new();
            cuts.each(&labelled, |_, cut| {
                places.push(cut.joints_2d);
                Ok(())
            })?;
            let mean = Tensor::f_cat(&places, 0)?.f_mean_dim([0].as_slice(), true, None)?;
            let (mut model_px, mut mean_pose_px) = (0.0, 0.0);
            cuts.each(&rows, |chunk, cut| {
                let said = autocast(precision, model.device(), || model.predict_all(&cut.input))?.joints_2d;
                let said = said.ok_or_else(|| ModelError::Argument("it has no head for 2D joints".to_owned()))?;
                let shares: Vec<f32> = chunk.iter().map(|&row| dataset.frame_share(row)).collect();
                let shares = Tensor::f_from_slice(&shares)?.f_to_device(dataset.device())?;
                let side_px = cut.side.f_mul(&shares)?.f_mul_scalar(FRAME_PX)?;
                let px = |places: &Tensor| -> Result<f64, ModelError> {
                    let distance = joint_distances(&places.f_to_kind(Kind::Float)?, &cut.joints_2d)?;
                    let distance = distance.f_mean_dim([1].as_slice(), false, None)?;
                    Ok(distance.f_mul(&side_px)?.f_sum(None)?.f_to_device(Device::Cpu)?.f_double_value(&[])?)
                };
                model_px += px(&said)?;
                mean_pose_px += px(&mean.f_expand_as(&cut.joints_2d)?)?;
                Ok(())
            })?;
            let pictures = rows.len();
            let each = |sum: f64| sum / pictures as f64;
            Ok(Self { pictures, model_px: each(model_px), mean_pose_px: each(mean_pose_px) })
        };
        measured().map_err(failed)
    }
}

/// Cuts pictures as transfer does, always the same.
struct Cuts<'a> {
    dataset: &'a Dataset,
    augment: Augment,
    seed: u64,
}

impl<'a> Cuts<'a> {
    fn new(recipe: &TrainRecipe, dataset: &'a Dataset) -> Result<Self, ModelError> {
        let AugmentConfig { roll_deg, scale, shift, removed, own_background, backgrounds, .. } =
            recipe.transfer_augment();
        let places = AugmentConfig {
            roll_deg,
            scale,
            shift,
            flip: false,
            removed,
            own_background,
            backgrounds,
            ..AugmentConfig::none(true)
        };
        let augment = Augment::new(places, dataset, &dataset.rows(Split::Train), recipe.crop_px, recipe.seed)?;
        Ok(Self { dataset, augment, seed: recipe.seed })
    }

    fn each(
        &self,
        rows: &[u32],
        mut look: impl FnMut(&[u32], Augmented) -> Result<(), ModelError>,
    ) -> Result<(), ModelError> {
        for (at, chunk) in (0..).zip(rows.chunks(CHUNK)) {
            look(chunk, self.augment.apply(&self.dataset.batch(chunk)?, None, seed_of(&[self.seed, 51, at]))?)?;
        }
        Ok(())
    }
}
