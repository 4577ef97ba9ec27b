//! The engine around a pose model: poses of moments and samples, in libtorch or OpenVINO.

use std::cell::RefCell;
use std::path::Path;

use frame::{TriggerIndex, monotonic_now_ns};
use joints::{FinderFiles, Network, Runtime};
use model::{Background, ModelError, PictureBatch, PoseModel, PosePrediction, PoseSpec, Precision, autocast};
use pose::{JOINT_NAMES, JOINTS, Pose3d};
use subject::{Region, Sample};
use tch::{Device, Kind, Tensor};
use transport::{FrameOfReference, Moment, POSE_SCHEMA_VERSION, PoseMessage, TriggerState, ViewPose};

use crate::precision::choose;
use crate::{InferError, Mismatch, PrecisionChoice};

/// A pose model, ready to compute. Live streams and evaluations all get their poses here.
pub struct Engine {
    model: PoseModel,
    precision: Precision,
    background: Background,
    version: String,
    /// The same network in OpenVINO, which is used if present.
    network: Option<RefCell<Network>>,
}

impl Engine {
    /// # Errors
    /// If the model's joints are not the 17 that messages promise.
    pub fn new(model: PoseModel, precision: Precision) -> Result<Self, InferError> {
        let names = &model.spec().joint_names;
        if names != &JOINT_NAMES {
            return Err(InferError::Joints { found: names.join(", "), expected: JOINT_NAMES.join(", ") });
        }
        let (version, background) = (model.version()?, model.spec().background);
        Ok(Self { model, precision, background, version, network: None })
    }

    /// The same model on pictures that keep their background, as those of moving cameras do.
    ///
    /// # Errors
    /// If the model was not trained on such pictures.
    pub fn plain(self) -> Result<Self, InferError> {
        if !self.model.spec().takes(Background::Kept) {
            return Err(InferError::Plain);
        }
        Ok(Self { background: Background::Kept, ..self })
    }

    /// Loads a pose model; with [`PrecisionChoice::Auto`] both precisions are timed first.
    ///
    /// # Errors
    /// If the file is missing, damaged or not such a model, with its name and the remedy.
    pub fn open(path: &Path, device: Device, precision: PrecisionChoice) -> Result<Self, InferError> {
        let model = PoseModel::load(path, device)?;
        let precision = choose(precision, &model)?;
        Self::new(model, precision)
    }

    /// The same model in OpenVINO, which is faster than libtorch on a CPU, in f32 with this many threads. Joints are
    /// the same to within 0.1 mm.
    ///
    /// # Errors
    /// If files are missing or not the expected ones, or OpenVINO refuses them.
    pub fn in_openvino(self, files: &FinderFiles, threads: usize) -> Result<Self, InferError> {
        self.on(Runtime::load(files, threads)?)
    }

    /// [`Self::in_openvino`] on a CPU on which bf16 is not faster than f32; unchanged elsewhere, and if OpenVINO does
    /// not start.
    ///
    /// # Errors
    /// If OpenVINO does not take the model.
    pub fn or_in_openvino(self, files: &FinderFiles, threads: usize) -> Result<Self, InferError> {
        if self.model.device() != Device::Cpu || self.precision != Precision::F32 {
            return Ok(self);
        }
        match Runtime::load(files, threads) {
            Ok(runtime) => self.on(runtime),
            Err(why) => {
                tracing::warn!(%why, "the pose model runs in libtorch");
                Ok(self)
            }
        }
    }

    fn on(self, mut runtime: Runtime) -> Result<Self, InferError> {
        let graph = self.model.graph()?;
        let side = i64::from(self.spec().crop_px);
        let network = runtime.network(&graph.xml, &graph.values, &[1, 3, side, side])?;
        Ok(Self { network: Some(RefCell::new(network)), precision: Precision::F32, ..self })
    }

    /// Identifies the model's values and preprocessing.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The precision that it computes in.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// What it gets of the pictures' background.
    pub fn background(&self) -> Background {
        self.background
    }

    /// The model's specification.
    pub fn spec(&self) -> &PoseSpec {
        self.model.spec()
    }

    /// Checks that the model was made for samples like those of this moment.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, moment: &Moment) -> Result<(), Mismatch> {
        let crop_px = self.model.spec().crop_px;
        let mut sizes = moment.views.iter().flat_map(|view| &view.samples).map(|sample| u32::from(sample.size_px));
        self.check_crops(sizes.find(|size| *size != crop_px).unwrap_or(crop_px), moment.preprocessing)
    }

    /// The same for crops of this side, made by the preprocessing of this hash.
    pub(crate) fn check_crops(&self, moment_px: u32, preprocessing: u64) -> Result<(), Mismatch> {
        let spec = self.model.spec();
        if moment_px != spec.crop_px {
            return Err(Mismatch::CropSize { model_px: spec.crop_px, moment_px });
        }
        let hash = format!("{preprocessing:016x}");
        if hash != spec.preprocessing_hash {
            let model = spec.preprocessing_hash.clone();
            return Err(Mismatch::Preprocessing { model, moment: hash });
        }
        Ok(())
    }

    /// The poses of all views of the moment, in one batch: root-relative, in millimetres, in the look-at-subject frame
    /// of the crop. The latency is the time since the moment's exposure.
    ///
    /// # Errors
    /// If [`Self::check`] refuses the moment, or the device fails.
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
            segment: moment.segment.number(),
            exposure_ns: moment.exposure.ns,
            exposure_utc_ns: None,
            source_index: moment.source.map(|source| source.index),
            model: self.version.clone(),
            model_origin: None,
            latency_ms: (monotonic_now_ns() - moment.exposure.ns) as f64 / 1e6,
            body: None,
            fused_mm: None,
            poses,
            not_known: None,
        })
    }

    /// The poses of samples, in one batch.
    ///
    /// # Errors
    /// If a sample does not have the size of the model's crops, or the device fails.
    pub fn joints(&self, samples: &[&Sample]) -> Result<Vec<Pose3d>, InferError> {
        Ok(self.people(samples)?.into_iter().map(|person| person.joints_mm).collect())
    }

    /// All outputs of the model for samples, in one batch.
    ///
    /// # Errors
    /// As [`Self::joints`].
    pub fn people(&self, samples: &[&Sample]) -> Result<Vec<PersonPose>, InferError> {
        self.people_in(samples.iter().map(|sample| MaskedCrop { rgb: &sample.rgb, mask: &sample.mask }))
    }

    /// All outputs of the model for crops, in one batch.
    pub(crate) fn people_in<'a>(
        &self,
        crops: impl Iterator<Item = MaskedCrop<'a>>,
    ) -> Result<Vec<PersonPose>, InferError> {
        let mut batch = PictureBatch::new(self.model.spec().crop_px as usize);
        for MaskedCrop { rgb, mask } in crops {
            batch.push(rgb, mask, false)?;
        }
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let device = self.model.device();
        let input = batch.to_input(device, Kind::Float, self.background)?;
        let found = match &self.network {
            Some(network) => self.computed(&mut network.borrow_mut(), &input)?,
            None => autocast(self.precision, device, || self.model.predict_all(&input))?,
        };
        let poses = values(&found.joints_mm)?;
        let joints_2d = found.joints_2d.as_ref().map(values).transpose()?;
        let confidence = found.confidence.as_ref().map(values).transpose()?;
        let of = |all: &[f32], person: usize, axes: usize, at: usize| all[axes * JOINTS * person + at];
        Ok((0..batch.len())
            .map(|person| PersonPose {
                joints_mm: std::array::from_fn(|j| std::array::from_fn(|axis| of(&poses, person, 3, 3 * j + axis))),
                joints_2d: joints_2d
                    .as_ref()
                    .map(|all| std::array::from_fn(|j| std::array::from_fn(|axis| of(all, person, 2, 2 * j + axis)))),
                confidence: confidence.as_ref().map(|all| std::array::from_fn(|j| of(all, person, 1, j))),
            })
            .collect())
    }

    /// The outputs of OpenVINO for pictures.
    fn computed(&self, network: &mut Network, input: &Tensor) -> Result<PosePrediction, InferError> {
        let pictures = values(input)?;
        network.reshape(&input.size())?;
        network.input()?.copy_from_slice(&pictures);
        network.run()?;
        let (joints, has_heads) = (JOINTS as i64, self.model.has_heads());
        let parts = if has_heads { vec![3 * joints, 2 * joints, joints] } else { vec![3 * joints] };
        let shape = [input.size()[0], parts.iter().sum()];
        let output = network.output((shape[0] * shape[1]) as usize)?;
        let split = || -> Result<PosePrediction, tch::TchError> {
            let output = Tensor::f_from_slice(&output)?.f_reshape(shape)?.f_split_with_sizes(&parts[..], 1)?;
            let of = |at: usize, axes: &[i64]| output.get(at).map(|part| part.f_reshape(axes)).transpose();
            Ok(PosePrediction {
                joints_mm: output[0].f_reshape([-1, joints, 3])?,
                joints_2d: of(1, &[-1, joints, 2])?,
                confidence: of(2, &[-1, joints])?.map(|logits| logits.f_sigmoid()).transpose()?,
            })
        };
        Ok(split().map_err(ModelError::from)?)
    }
}

/// The pixels of a crop and its mask.
#[derive(Clone, Copy)]
pub(crate) struct MaskedCrop<'a> {
    pub rgb: &'a [u8],
    pub mask: &'a [u8],
}

/// The model's outputs for one crop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PersonPose {
    /// Root-relative, in the look-at frame.
    pub joints_mm: Pose3d,
    /// Where the joints are in the crop, in fractions of its side from its upper left corner.
    pub joints_2d: Option<[[f32; 2]; JOINTS]>,
    /// The probability that a joint's error in 3D is below 100 mm.
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
