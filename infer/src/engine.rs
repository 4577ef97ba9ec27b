use std::path::Path;

use frame::{TriggerIndex, monotonic_now_ns};
use model::{Background, ModelError, PictureBatch, PoseModel, PoseSpec, Precision, autocast};
use pose::{JOINT_NAMES, JOINTS, Pose3d};
use subject::{Region, Sample};
use tch::{Device, Kind, Tensor};
use transport::{FrameOfReference, Moment, POSE_SCHEMA_VERSION, PoseMessage, TriggerState, ViewPose};

use crate::{InferError, Mismatch, PrecisionChoice};

/// A pose model at work. Live streams, evaluations and recomputed moments all get their poses here.
pub struct Engine {
    model: PoseModel,
    precision: Precision,
    background: Background,
    version: String,
}

impl Engine {
    /// # Errors
    /// A model whose joints are not the 17 that the stream promises.
    pub fn new(model: PoseModel, precision: Precision) -> Result<Self, InferError> {
        let names = &model.spec().joint_names;
        if names != &JOINT_NAMES {
            return Err(InferError::Joints { found: names.join(", "), expected: JOINT_NAMES.join(", ") });
        }
        Ok(Self { version: model.version()?, background: model.spec().background, model, precision })
    }

    /// The same model on pictures that keep their background, as of cameras that move.
    ///
    /// # Errors
    /// A model that was not trained on such pictures.
    pub fn plain(self) -> Result<Self, InferError> {
        if !self.model.spec().takes(Background::Kept) {
            return Err(InferError::Plain);
        }
        Ok(Self { background: Background::Kept, ..self })
    }

    /// Loads a pose model; with [`PrecisionChoice::Auto`] this first times both precisions.
    ///
    /// # Errors
    /// A file that is missing, damaged, or of another shape, with its name and the remedy.
    pub fn open(path: &Path, device: Device, precision: PrecisionChoice) -> Result<Self, InferError> {
        let model = PoseModel::load(path, device)?;
        let precision = precision.choose(&model)?;
        Self::new(model, precision)
    }

    /// Identity of the model's values and preprocessing.
    pub fn version(&self) -> &str {
        &self.version
    }

    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// What it sees of the pictures' background.
    pub fn background(&self) -> Background {
        self.background
    }

    pub fn spec(&self) -> &PoseSpec {
        self.model.spec()
    }

    /// Whether the samples of this moment are what the model was made for.
    pub fn check(&self, moment: &Moment) -> Result<(), Mismatch> {
        let spec = self.model.spec();
        let mut sizes = moment.views.iter().flat_map(|view| &view.samples).map(|sample| u32::from(sample.size_px));
        if let Some(moment_px) = sizes.find(|size| *size != spec.crop_px) {
            return Err(Mismatch::CropSize { model_px: spec.crop_px, moment_px });
        }
        let hash = format!("{:016x}", moment.preprocessing);
        if hash != spec.preprocessing_hash {
            let model = spec.preprocessing_hash.clone();
            return Err(Mismatch::Preprocessing { model, moment: hash });
        }
        Ok(())
    }

    /// The pose of each view that the moment has, all in one batch: root-relative, in millimetres, in the
    /// look-at-subject frame of its crop. The latency runs from the moment's exposure to now.
    ///
    /// # Errors
    /// A moment that [`Self::check`] refuses; a device that fails.
    pub fn poses(&self, moment: &Moment) -> Result<PoseMessage, InferError> {
        self.check(moment)?;
        let seen: Vec<_> =
            moment.views.iter().filter_map(|view| Some((view.camera.0, view.samples.first()?))).collect();
        let samples: Vec<&Sample> = seen.iter().map(|(_, sample)| *sample).collect();
        let poses = self.people(&samples)?;
        let poses = seen
            .iter()
            .zip(poses)
            .map(|(&(camera, sample), seen)| ViewPose {
                camera,
                person: 0,
                frame_of_reference: FrameOfReference::LookAtSubject,
                joints_mm: seen.joints_mm.to_vec(),
                confidence: seen.confidence.map(|all| all.to_vec()),
                joints_2d_px: seen.joints_2d.map(|all| all.map(|joint| in_frame(joint, &sample.region)).to_vec()),
                crop_centre_px: sample.region.centre_px,
                crop_side_px: sample.region.side_px,
            })
            .collect();
        Ok(PoseMessage {
            version: POSE_SCHEMA_VERSION,
            set_index: moment.set.0,
            trigger_index: moment.trigger.pulse(),
            trigger_state: trigger_state(moment.trigger),
            segment: moment.segment.0,
            exposure_ns: moment.exposure.ns,
            exposure_utc_ns: None,
            source_index: moment.source.map(|source| source.index),
            model: self.version.clone(),
            model_origin: None,
            latency_ms: (monotonic_now_ns() - moment.exposure.ns) as f64 / 1e6,
            body: None,
            poses,
        })
    }

    /// The poses of samples, in one batch.
    ///
    /// # Errors
    /// A sample of another size than the model's crops; a device that fails.
    pub fn joints(&self, samples: &[&Sample]) -> Result<Vec<Pose3d>, InferError> {
        Ok(self.people(samples)?.into_iter().map(|person| person.joints_mm).collect())
    }

    /// All that the model says of samples, in one batch.
    ///
    /// # Errors
    /// As [`Self::joints`].
    pub fn people(&self, samples: &[&Sample]) -> Result<Vec<PersonPose>, InferError> {
        if samples.is_empty() {
            return Ok(Vec::new());
        }
        let spec = self.model.spec();
        let mut batch = PictureBatch::new(spec.crop_px as usize);
        for sample in samples {
            batch.push(&sample.rgb, &sample.mask, false)?;
        }
        let device = self.model.device();
        let input = batch.to_input(device, Kind::Float, self.background)?;
        let found = autocast(self.precision, device, || self.model.predict_all(&input))?;
        let poses = values(&found.joints_mm)?;
        let joints_2d = found.joints_2d.as_ref().map(values).transpose()?;
        let confidence = found.confidence.as_ref().map(values).transpose()?;
        let of = |all: &[f32], person: usize, axes: usize, at: usize| all[axes * JOINTS * person + at];
        Ok((0..samples.len())
            .map(|person| PersonPose {
                joints_mm: std::array::from_fn(|j| std::array::from_fn(|axis| of(&poses, person, 3, 3 * j + axis))),
                joints_2d: joints_2d
                    .as_ref()
                    .map(|all| std::array::from_fn(|j| std::array::from_fn(|axis| of(all, person, 2, 2 * j + axis)))),
                confidence: confidence.as_ref().map(|all| std::array::from_fn(|j| of(all, person, 1, j))),
            })
            .collect())
    }
}

/// What a model says of one crop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PersonPose {
    pub joints_mm: Pose3d,
    /// Where the joints are in the crop, in fractions of its side from its left upper corner.
    pub joints_2d: Option<[[f32; 2]; JOINTS]>,
    /// Probability that a joint's error in 3D is below 100 mm.
    pub confidence: Option<[f32; JOINTS]>,
}

fn values(tensor: &Tensor) -> Result<Vec<f32>, ModelError> {
    let flat = tensor.f_to_device(Device::Cpu)?.f_to_kind(Kind::Float)?.f_reshape([-1])?;
    Ok(Vec::try_from(flat)?)
}

/// A point of a crop in pixels of the frame.
fn in_frame(part: [f32; 2], region: &Region) -> [f32; 2] {
    std::array::from_fn(|axis| region.centre_px[axis] + (part[axis] - 0.5) * region.side_px)
}

pub(crate) fn trigger_state(trigger: TriggerIndex) -> TriggerState {
    match trigger {
        TriggerIndex::Certain(_) => TriggerState::Certain,
        TriggerIndex::Tentative(_) => TriggerState::Tentative,
        TriggerIndex::Unresolved => TriggerState::Unresolved,
    }
}
