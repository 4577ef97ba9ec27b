//! Pictures for evaluation, and the model's predictions on them.

use model::{Background, PictureBatch, PoseModel, Precision, autocast};
use pose::Pose3d;
use subject::Sample;
use tch::{Device, Kind, Tensor};

use super::scores::BothKinds;
use crate::LearnError;
use crate::data::augment::plain_input;
use crate::data::rendered::{Dataset, poses};
use crate::error::during;

/// Pictures per batch.
const CHUNK: usize = 256;

/// Pictures with their true poses: rows of a dataset, or the crops of a recorded take.
pub struct Pictures<'a> {
    source: Source<'a>,
    crop_px: u16,
    truth: Vec<Pose3d>,
}

enum Source<'a> {
    Dataset { dataset: &'a Dataset, rows: Vec<u32> },
    Samples { samples: Vec<&'a Sample>, device: Device },
}

/// A batch of network input.
pub(super) struct Input {
    /// `[N, 3, S, S]`, −1 to 1.
    pub pictures: Tensor,
    /// The true 2D joints `[N, 17, 2]`, as fractions of the crop's side; `None` if unknown.
    pub joints_2d: Option<Tensor>,
}

/// A model's predictions.
#[derive(Debug)]
pub(super) struct Predicted {
    pub poses: Vec<Pose3d>,
    /// Mean 2D error of the joints, as a fraction of the crop's side.
    pub plane: Option<f64>,
    /// Confidence of each joint: `[N, 17]`, flattened.
    pub confidence: Option<Vec<f32>>,
}

impl<'a> Pictures<'a> {
    pub(super) fn of_dataset(dataset: &'a Dataset, crop_px: u16, rows: Vec<u32>) -> Result<Self, LearnError> {
        let truth = dataset.poses(&rows).map_err(during("reading labels"))?;
        Ok(Self { source: Source::Dataset { dataset, rows }, crop_px, truth })
    }

    /// Samples of `crop_px` pixels with their poses.
    pub(super) fn of_samples(samples: Vec<(&'a Sample, Pose3d)>, crop_px: u16, device: Device) -> Self {
        let (samples, truth) = samples.into_iter().unzip();
        Self { source: Source::Samples { samples, device }, crop_px, truth }
    }

    pub fn len(&self) -> usize {
        self.truth.len()
    }

    pub fn truth(&self) -> &[Pose3d] {
        &self.truth
    }

    /// Calls `look` with all pictures in batches, with the background `removed` or kept.
    pub(super) fn each_input(
        &self,
        removed: bool,
        mut look: impl FnMut(Input) -> Result<(), LearnError>,
    ) -> Result<(), LearnError> {
        let failed = during("cropping pictures for evaluation");
        match &self.source {
            Source::Dataset { dataset, rows } => rows.chunks(CHUNK).try_for_each(|rows| {
                let batch = dataset.batch(rows).map_err(&failed)?;
                let cut = plain_input(dataset, &batch, self.crop_px, removed).map_err(&failed)?;
                look(Input { pictures: cut.input, joints_2d: Some(cut.joints_2d) })
            }),
            Source::Samples { samples, device } => samples.chunks(CHUNK).try_for_each(|samples| {
                let background = if removed { Background::Removed } else { Background::Kept };
                let mut batch = PictureBatch::new(self.crop_px.into());
                for sample in samples {
                    batch.push(&sample.rgb, &sample.mask, false).map_err(&failed)?;
                }
                let pictures = batch.to_input(*device, Kind::Float, background).map_err(&failed)?;
                look(Input { pictures, joints_2d: None })
            }),
        }
    }

    /// Predictions for all pictures, with the background removed and kept.
    pub(super) fn predict(&self, model: &PoseModel, precision: Precision) -> Result<BothKinds<Predicted>, LearnError> {
        BothKinds::try_new(|removed| self.predict_kind(model, precision, removed))
    }

    fn predict_kind(&self, model: &PoseModel, precision: Precision, removed: bool) -> Result<Predicted, LearnError> {
        let mut found = Predicted { poses: Vec::with_capacity(self.len()), plane: None, confidence: None };
        self.each_input(removed, |Input { pictures, joints_2d }| {
            let mut chunk = || -> Result<(), model::ModelError> {
                let said = autocast(precision, model.device(), || model.predict_all(&pictures))?;
                found.poses.extend(poses(&said.joints_mm)?);
                if let (Some(plane), Some(joints_2d)) = (said.joints_2d, &joints_2d) {
                    let distance =
                        model::joint_distances(&plane, joints_2d)?.f_mean_dim([1].as_slice(), false, None)?;
                    *found.plane.get_or_insert(0.0) += distance.f_sum(None)?.f_double_value(&[])? / self.len() as f64;
                }
                if let Some(confidence) = said.confidence {
                    found.confidence.get_or_insert_default().extend(values(&confidence)?);
                }
                Ok(())
            };
            chunk().map_err(during("predicting poses"))
        })?;
        Ok(found)
    }
}

/// A tensor's values, flattened.
pub(super) fn values(tensor: &Tensor) -> Result<Vec<f32>, model::ModelError> {
    let flat = tensor.f_to_device(Device::Cpu)?.f_to_kind(Kind::Float)?.f_contiguous()?.f_reshape([-1])?;
    Ok(Vec::try_from(flat)?)
}
