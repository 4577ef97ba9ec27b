//! The model that turns crops into poses.

use std::path::Path;

use recipe::Network;
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use crate::{
    Background, Frozen, JOINTS, Mode, ModelError, Precision, SyncNet, autocast,
    backbone::Backbone,
    graph::{Draft, Graph},
    init::Init,
    named_tensors::{Named, copy_values},
    pose_heads::Heads,
    residual::Statistics,
    tensor_file::{self, TensorFile},
};

const COORDINATES: usize = 3 * JOINTS;

/// 1 has only the 3D head; 2 may have those for the crop's plane and the confidence.
const FORMATS: std::ops::RangeInclusive<u32> = 1..=2;
const REMEDY: &str = "make a new pose model with `genlock finetune`";

/// A coordinate with a smaller standard deviation over the labels, in mm, is predicted as its mean.
const MIN_STD_MM: f64 = 1e-3;

/// What a pose model expects and predicts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PoseSpec {
    /// Side of its input crops in pixels.
    pub crop_px: u32,
    pub background: Background,
    /// It was trained on pictures with and without their background; `background` is the default.
    #[serde(default)]
    pub takes_both: bool,
    /// The preprocessing of its pictures, as JSON text.
    pub preprocessing: String,
    pub preprocessing_hash: String,
    /// Name of the joint set.
    pub joint_set: String,
    /// Names of the joints in the order of the output, the root first.
    pub joint_names: Vec<String>,
    /// The checkpoint version that the encoder came from.
    pub encoder_version: String,
    /// How it was trained, as JSON text: which labels, and which instants were held out.
    #[serde(default)]
    pub training: String,
}

impl PoseSpec {
    /// Whether it was trained on pictures of this kind.
    pub fn takes(&self, background: Background) -> bool {
        background == self.background || self.takes_both && background != Background::Only
    }
}

/// The metadata of a model's file.
#[derive(Serialize, Deserialize)]
pub(crate) struct PoseMeta {
    format: u32,
    #[serde(default)]
    network: Network,
    width: i64,
    /// Whether it has heads for the crop's plane and the confidence.
    #[serde(default)]
    heads: bool,
    spec: PoseSpec,
}

/// The outputs of the heads, with gradients.
#[derive(Debug)]
pub struct PoseOutput {
    /// Normalised coordinates `[N, 51]`.
    pub pose: Tensor,
    /// Joints in the crop's plane `[N, 17, 2]`: fractions of its side, x right and y down from its upper left corner.
    pub joints_2d: Option<Tensor>,
    /// Logits `[N, 17]` that a joint's 3D error is below [`CONFIDENT_MM`](crate::CONFIDENT_MM).
    pub confidence: Option<Tensor>,
}

/// The predictions for pictures.
#[derive(Debug)]
pub struct PosePrediction {
    /// Root-relative, `[N, 17, 3]`, in the look-at-subject frame of each crop; the root is exactly 0.
    pub joints_mm: Tensor,
    /// As in [`PoseOutput`].
    pub joints_2d: Option<Tensor>,
    /// Probabilities `[N, 17]` that a joint's 3D error is below [`CONFIDENT_MM`](crate::CONFIDENT_MM).
    pub confidence: Option<Tensor>,
}

/// All that turns a crop into a pose: encoder, linear head (SYNC, section 3.2) and the normalisation of each
/// coordinate; some models also predict the joints in the crop, and confidence. Live inference loads nothing else.
pub struct PoseModel {
    device: Device,
    encoder: Backbone,
    weight: Tensor,
    bias: Tensor,
    mean: Tensor,
    std: Tensor,
    heads: Option<Heads>,
    spec: PoseSpec,
}

impl PoseModel {
    /// A model with a copy of a trained encoder and an untrained head. `mean_mm` and `std_mm` are those of each
    /// coordinate of the root-relative training labels, joint by joint; the root's count as 0.
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
        // A deviation of 0 makes the output exactly the mean; that of the root is 0.
        let (mut mean, mut std) = (*mean_mm, *std_mm);
        mean[..3].fill(0.0);
        std[..3].fill(0.0);
        std[3..].iter_mut().filter(|value| **value < MIN_STD_MM).for_each(|value| *value = 0.0);
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
            heads: None,
            device,
            encoder,
            spec,
        })
    }

    /// The same model with untrained heads for the joints in the crop's plane and for the confidence.
    pub fn with_heads(self, seed: i64) -> Result<Self, ModelError> {
        let heads = Heads::new(&mut Init::new(seed, self.device, Kind::Float), self.encoder.features())?;
        Ok(Self { heads: Some(heads), ..self })
    }

    /// Whether it predicts more than the 3D pose.
    pub fn has_heads(&self) -> bool {
        self.heads.is_some()
    }

    /// The same values with another specification.
    #[must_use]
    pub fn with_spec(self, spec: PoseSpec) -> Self {
        Self { spec, ..self }
    }

    /// The specification.
    pub fn spec(&self) -> &PoseSpec {
        &self.spec
    }

    /// The device that its tensors are on.
    pub fn device(&self) -> Device {
        self.device
    }

    pub fn network(&self) -> Network {
        self.encoder.network()
    }

    /// Channels of the encoder's first stage.
    pub fn width(&self) -> i64 {
        self.encoder.width()
    }

    /// The parameters to train while the `frozen` part of the encoder does not change. SYNC freezes "the first 3
    /// residual blocks": three stages, or three blocks.
    pub fn trainable(&self, frozen: Frozen) -> Vec<(String, Tensor)> {
        let encoder = self.encoder.trainable(frozen);
        let mut named: Named = encoder.into_iter().map(|(name, t)| (format!("encoder.{name}"), t)).collect();
        named.push(("head.weight".to_owned(), self.weight.shallow_clone()));
        named.push(("head.bias".to_owned(), self.bias.shallow_clone()));
        if let Some(heads) = &self.heads {
            heads.named(&mut named);
        }
        named
    }

    /// Pictures `[N, 3, S, S]` to normalised coordinates `[N, 51]`, for training. The `frozen` part gets no
    /// gradient and uses its running statistics in both modes.
    pub fn forward(&self, x: &Tensor, mode: Mode, frozen: Frozen) -> Result<Tensor, ModelError> {
        let features = self.features(x, mode, frozen)?;
        autocast(Precision::F32, self.device, || self.pose(&features))
    }

    /// [`Self::forward`] with the outputs of the other heads.
    pub fn outputs(&self, x: &Tensor, mode: Mode, frozen: Frozen) -> Result<PoseOutput, ModelError> {
        let features = self.features(x, mode, frozen)?;
        autocast(Precision::F32, self.device, || {
            let heads = self.heads.as_ref();
            Ok(PoseOutput {
                pose: self.pose(&features)?,
                joints_2d: heads.map(|heads| heads.plane(&features)).transpose()?,
                confidence: heads.map(|heads| heads.confidence(&features)).transpose()?,
            })
        })
    }

    fn features(&self, x: &Tensor, mode: Mode, frozen: Frozen) -> Result<Tensor, ModelError> {
        let statistics = match mode {
            Mode::Train => Statistics::TRAIN,
            Mode::Eval => Statistics::Running,
        };
        Ok(self.encoder.forward(x, statistics, frozen)?.f_to_kind(Kind::Float)?)
    }

    fn pose(&self, features: &Tensor) -> Result<Tensor, ModelError> {
        Ok(features.f_linear(&self.weight, Some(&self.bias))?)
    }

    /// Recomputes BatchNorm's running statistics over these batches `[N, 3, S, S]`, as
    /// [`SyncNet::recalibrate_batch_norm`] does, except those of the `frozen` part.
    pub fn recalibrate_batch_norm(
        &self,
        batches: &mut dyn Iterator<Item = Tensor>,
        frozen: Frozen,
    ) -> Result<(), ModelError> {
        tch::no_grad(|| {
            for (index, batch) in batches.enumerate() {
                if index == 0 {
                    self.encoder.reset_statistics(frozen)?;
                }
                let momentum = 1.0 / (index + 1) as f64;
                let _ = self.encoder.forward(&batch, Statistics::Batch { momentum }, frozen)?;
            }
            Ok(())
        })
    }

    /// Root-relative labels in mm `[N, 17, 3]` to normalised ones `[N, 51]`; coordinates without deviation, such as the
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

    /// Normalised coordinates `[N, 51]` to poses `[N, 17, 3]` in mm.
    pub fn to_mm(&self, normalised: &Tensor) -> Result<Tensor, ModelError> {
        Ok(normalised.f_mul(&self.std)?.f_add(&self.mean)?.f_reshape([-1, JOINTS as i64, 3])?)
    }

    /// Pictures `[N, 3, S, S]` to root-relative poses `[N, 17, 3]` in mm, in the look-at-subject frame of each
    /// crop. The root is exactly 0. Without gradients.
    pub fn predict(&self, x: &Tensor) -> Result<Tensor, ModelError> {
        tch::no_grad(|| self.to_mm(&self.forward(x, Mode::Eval, Frozen::Nothing)?))
    }

    /// [`Self::predict`] with the predictions of the other heads.
    pub fn predict_all(&self, x: &Tensor) -> Result<PosePrediction, ModelError> {
        tch::no_grad(|| {
            let PoseOutput { pose, joints_2d, confidence } = self.outputs(x, Mode::Eval, Frozen::Nothing)?;
            let confidence = confidence.map(|logits| logits.f_sigmoid()).transpose()?;
            Ok(PosePrediction { joints_mm: self.to_mm(&pose)?, joints_2d, confidence })
        })
    }

    /// [`Self::predict_all`] for OpenVINO, in one output `[N, 51]`, or `[N, 102]` of a model with heads: the pose in
    /// mm, the joints in the crop's plane, and the logits of the confidence.
    pub fn graph(&self) -> Result<Graph, ModelError> {
        tch::no_grad(|| {
            let mut weights = vec![self.weight.f_mul(&self.std.f_unsqueeze(1)?)?];
            let mut biases = vec![self.bias.f_mul(&self.std)?.f_add(&self.mean)?];
            if let Some(heads) = &self.heads {
                let (weight, bias) = heads.folded()?;
                weights.push(weight);
                biases.push(bias);
            }
            let mut draft = Draft::default();
            let pictures = draft.pictures(self.spec.crop_px);
            let features = self.encoder.draft(&mut draft, pictures)?;
            let output = draft.linear(features, &Tensor::f_cat(&weights, 0)?, &Tensor::f_cat(&biases, 0)?)?;
            Ok(draft.end(output))
        })
    }

    /// Parameters, running statistics and normalisation by name: what a file holds.
    pub fn tensors(&self) -> Vec<(String, Tensor)> {
        let encoder = self.encoder.tensors();
        let mut named: Named = encoder.into_iter().map(|(name, t)| (format!("encoder.{name}"), t)).collect();
        let own = [("head.weight", &self.weight), ("head.bias", &self.bias), ("mean", &self.mean), ("std", &self.std)];
        named.extend(own.map(|(name, tensor)| (name.to_owned(), tensor.shallow_clone())));
        if let Some(heads) = &self.heads {
            heads.named(&mut named);
        }
        named
    }

    pub(crate) fn meta(&self) -> PoseMeta {
        PoseMeta {
            format: *FORMATS.end(),
            network: self.encoder.network(),
            width: self.encoder.width(),
            heads: self.heads.is_some(),
            spec: self.spec.clone(),
        }
    }

    /// A copy with its own memory, to use while this one is trained further.
    pub fn duplicate(&self) -> Result<Self, ModelError> {
        let encoder = self.encoder.duplicate(self.device, Kind::Float)?;
        let mut copy = Self::blank(encoder, self.device, self.spec.clone(), 0)?;
        if self.heads.is_some() {
            copy = copy.with_heads(0)?;
        }
        copy_values(&self.tensors(), &copy.tensors())?;
        Ok(copy)
    }

    /// Identifies all values and the preprocessing; see [`version`](crate::version).
    pub fn version(&self) -> Result<String, ModelError> {
        tensor_file::version(&self.tensors(), &self.spec.preprocessing_hash)
    }

    /// Writes one safetensors file atomically.
    pub fn save(&self, path: &Path) -> Result<(), ModelError> {
        tensor_file::write(path, &self.tensors(), &self.meta())
    }

    /// [`Self::save`] with half the size: weights are rounded to 16-bit floats, BatchNorm and other vectors are not.
    /// Since its values change, so does the [`version`](Self::version).
    pub fn save_f16(&self, path: &Path) -> Result<(), ModelError> {
        let round = |(name, tensor): (String, Tensor)| -> Result<(String, Tensor), ModelError> {
            let tensor = if tensor.dim() > 1 { tensor.f_detach()?.f_to_kind(Kind::Half)? } else { tensor };
            Ok((name, tensor))
        };
        let tensors = self.tensors().into_iter().map(round).collect::<Result<Named, _>>()?;
        tensor_file::write(path, &tensors, &self.meta())
    }

    /// Reads a model. Values that were saved with fewer bits are widened.
    pub fn load(path: &Path, device: Device) -> Result<Self, ModelError> {
        let data = tensor_file::read_bytes(path)?;
        let file = TensorFile::parse(path, &data)?;
        let meta = file.meta_of(FORMATS)?;
        Self::read(&file, meta, device)
    }

    pub(crate) fn read(file: &TensorFile, meta: PoseMeta, device: Device) -> Result<Self, ModelError> {
        let encoder = Backbone::new(meta.network, meta.width, &mut Init::new(0, device, Kind::Float))?;
        let mut model = Self::blank(encoder, device, meta.spec, 0)?;
        if meta.heads {
            model = model.with_heads(0)?;
        }
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
