use std::path::Path;

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use crate::{
    Background, Mode, ModelError, Precision, STAGES, SyncNet, autocast,
    backbone::{Backbone, Named, Statistics, copy_values},
    init::Init,
    tensor_file::{self, TensorFile},
};

/// Joints of a pose, the root first.
pub const JOINTS: usize = 17;
const COORDINATES: usize = 3 * JOINTS;

const FORMAT: u32 = 1;
const REMEDY: &str = "make a new pose model with `genlock finetune`";

/// A coordinate that varies less than this over the labels, in mm, is predicted as its mean.
const LEAST_STD_MM: f64 = 1e-3;

/// What a pose model expects and gives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoseSpec {
    /// Side of its input crops in pixels.
    pub crop_px: u32,
    pub background: Background,
    /// The preprocessing of its pictures, as JSON text.
    pub preprocessing: String,
    pub preprocessing_hash: String,
    /// Name of the joint set.
    pub joint_set: String,
    /// Names of the joints in the order of the output, the root first.
    pub joint_names: Vec<String>,
    /// The checkpoint version that the encoder came from.
    pub encoder_version: String,
    /// How it was trained, as JSON text: which labels, and which instants were kept from it.
    #[serde(default)]
    pub training: String,
}

#[derive(Serialize, Deserialize)]
struct Meta {
    format: u32,
    width: i64,
    spec: PoseSpec,
}

/// All that turns a crop into a pose: encoder, linear head (SYNC, section 3.2) and the normalisation of each
/// coordinate. Live inference loads nothing else.
pub struct PoseModel {
    device: Device,
    encoder: Backbone,
    weight: Tensor,
    bias: Tensor,
    mean: Tensor,
    std: Tensor,
    spec: PoseSpec,
}

impl PoseModel {
    /// A model on a copy of a trained encoder, with an untrained head. `mean_mm` and `std_mm` are of each coordinate
    /// of the root-relative training labels, joint by joint; the root's are taken as 0.
    pub fn from_encoder(
        net: &SyncNet,
        mean_mm: &[f64; COORDINATES],
        std_mm: &[f64; COORDINATES],
        spec: PoseSpec,
        seed: i64,
    ) -> Result<Self, ModelError> {
        let device = net.device();
        let model = Self::blank(net.encoder.duplicate(device, Kind::Float)?, device, spec, seed)?;
        if let Some(bad) = mean_mm.iter().chain(std_mm).find(|value| !value.is_finite()) {
            return Err(ModelError::Argument(format!("a label's mean or deviation is {bad}")));
        }
        // Deviation 0 at the root makes its output exactly 0; elsewhere it would only pin the coordinate.
        let (mut mean, mut std) = (*mean_mm, *std_mm);
        mean[..3].fill(0.0);
        std[..3].fill(0.0);
        std[3..].iter_mut().filter(|value| **value < LEAST_STD_MM).for_each(|value| *value = 0.0);
        model.mean.shallow_clone().f_copy_(&Tensor::f_from_slice(&mean)?)?;
        model.std.shallow_clone().f_copy_(&Tensor::f_from_slice(&std)?)?;
        Ok(model)
    }

    fn blank(encoder: Backbone, device: Device, spec: PoseSpec, seed: i64) -> Result<Self, ModelError> {
        if spec.joint_names.len() != JOINTS {
            return Err(ModelError::Argument(format!("{} joint names for {JOINTS} joints", spec.joint_names.len())));
        }
        let mut init = Init::new(seed, device, Kind::Float);
        let (features, coordinates) = (encoder.features(), COORDINATES as i64);
        Ok(Self {
            weight: init.linear(&[coordinates, features], features)?,
            bias: init.linear(&[coordinates], features)?,
            mean: init.constant(0.0, coordinates, false)?,
            std: init.constant(0.0, coordinates, false)?,
            device,
            encoder,
            spec,
        })
    }

    pub fn spec(&self) -> &PoseSpec {
        &self.spec
    }

    pub fn device(&self) -> Device {
        self.device
    }

    /// What fine-tuning trains while the first `frozen` of the encoder's [`STAGES`] stages stay as they are: SYNC
    /// freezes three, the stem with the first.
    pub fn freeze_stages(&self, frozen: usize) -> Vec<(String, Tensor)> {
        let encoder = self.encoder.trainable(frozen.min(STAGES));
        let mut named: Named = encoder.into_iter().map(|(name, t)| (format!("encoder.{name}"), t)).collect();
        named.push(("head.weight".to_owned(), self.weight.shallow_clone()));
        named.push(("head.bias".to_owned(), self.bias.shallow_clone()));
        named
    }

    /// Pictures `[N, 3, S, S]` to normalised coordinates `[N, 51]`, for training. The first `frozen` stages take no
    /// gradient and use their running statistics whatever the mode.
    pub fn forward(&self, x: &Tensor, mode: Mode, frozen: usize) -> Result<Tensor, ModelError> {
        let statistics = match mode {
            Mode::Train => Statistics::TRAIN,
            Mode::Eval => Statistics::Running,
        };
        let features = self.encoder.forward(x, statistics, frozen)?.f_to_kind(Kind::Float)?;
        autocast(Precision::F32, self.device, || Ok(features.f_linear(&self.weight, Some(&self.bias))?))
    }

    /// Root-relative labels in mm `[N, 17, 3]` to normalised ones `[N, 51]`; coordinates without deviation, as the
    /// root's, become 0.
    pub fn normalise(&self, pose_mm: &Tensor) -> Result<Tensor, ModelError> {
        let centred = pose_mm.f_to_device(self.device)?.f_to_kind(Kind::Float)?;
        let centred = centred.f_reshape([-1, COORDINATES as i64])?.f_sub(&self.mean)?;
        let fixed = self.std.f_eq(0.0)?;
        Ok(centred.f_div(&self.std.f_masked_fill(&fixed, 1.0)?)?.f_masked_fill(&fixed, 0.0)?)
    }

    /// Which normalised coordinates carry information: 1 or 0, `[51]`.
    pub fn weights(&self) -> Result<Tensor, ModelError> {
        Ok(self.std.f_gt(0.0)?.f_to_kind(Kind::Float)?)
    }

    /// Pictures `[N, 3, S, S]` to root-relative poses `[N, 17, 3]` in mm, in the look-at-subject frame of each
    /// crop. The root is exactly 0. Without gradients.
    pub fn predict(&self, x: &Tensor) -> Result<Tensor, ModelError> {
        tch::no_grad(|| {
            let normalised = self.forward(x, Mode::Eval, 0)?;
            let pose = normalised.f_mul(&self.std)?.f_add(&self.mean)?;
            Ok(pose.f_reshape([-1, JOINTS as i64, 3])?)
        })
    }

    fn tensors(&self) -> Named {
        let encoder = self.encoder.tensors();
        let mut named: Named = encoder.into_iter().map(|(name, t)| (format!("encoder.{name}"), t)).collect();
        let own = [("head.weight", &self.weight), ("head.bias", &self.bias), ("mean", &self.mean), ("std", &self.std)];
        named.extend(own.map(|(name, tensor)| (name.to_owned(), tensor.shallow_clone())));
        named
    }

    /// A copy with memory of its own, to serve while this one is trained further.
    pub fn duplicate(&self) -> Result<Self, ModelError> {
        let encoder = self.encoder.duplicate(self.device, Kind::Float)?;
        let copy = Self::blank(encoder, self.device, self.spec.clone(), 0)?;
        copy_values(&self.tensors(), &copy.tensors())?;
        Ok(copy)
    }

    /// Stands for all values and the preprocessing: see [`version`](crate::version).
    pub fn version(&self) -> Result<String, ModelError> {
        tensor_file::version(&self.tensors(), &self.spec.preprocessing_hash)
    }

    /// Writes one safetensors file, whole or not at all.
    pub fn save(&self, path: &Path) -> Result<(), ModelError> {
        let meta = Meta { format: FORMAT, width: self.encoder.width(), spec: self.spec.clone() };
        tensor_file::write(path, &self.tensors(), &meta)
    }

    pub fn load(path: &Path, device: Device) -> Result<Self, ModelError> {
        let data = tensor_file::read_bytes(path)?;
        let file = TensorFile::parse(path, &data)?;
        let Meta { width, spec, .. } = file.meta(FORMAT)?;
        let encoder = Backbone::new(width, &mut Init::new(0, device, Kind::Float))?;
        let model = Self::blank(encoder, device, spec, 0)?;
        file.load_into(&model.tensors(), REMEDY)?;
        Ok(model)
    }
}

/// SYNC's transfer loss: squared error of the normalised coordinates `[N, 51]`, summed over those of weight 1 and
/// averaged over samples.
pub fn pose_loss(predicted: &Tensor, target: &Tensor, weights: &Tensor) -> Result<Tensor, ModelError> {
    let squared = predicted.f_sub(target)?.f_square()?.f_mul(weights)?;
    Ok(squared.f_sum_dim_intlist([-1].as_slice(), false, None)?.f_mean(None)?)
}
