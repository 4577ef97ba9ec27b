//! The network that learns which views belong together: an encoder and two heads on pairs.

use std::path::Path;

use recipe::{Fusion, Network};
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use crate::{
    Frozen, ModelError, Precision, autocast, backbone::Backbone, init::Init, named_tensors::Named, residual::Statistics,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct SyncNetConfig {
    /// The encoder. Files of earlier builds name none.
    #[serde(skip_serializing_if = "is_default")]
    pub network: Network,
    /// Channels after the stem; 64 is the usual number.
    pub width: i64,
    pub fusion: Fusion,
    pub seed: i64,
}

impl Default for SyncNetConfig {
    fn default() -> Self {
        Self { network: Network::ResNet18, width: 64, fusion: Fusion::Mult, seed: 0 }
    }
}

fn is_default(network: &Network) -> bool {
    *network == Network::default()
}

/// Which statistics BatchNorm uses: the batch's, updating the running ones, or the running ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Train,
    Eval,
}

struct Head {
    weight: Tensor,
    bias: Tensor,
}

impl Head {
    fn new(init: &mut Init, inputs: i64) -> Result<Self, ModelError> {
        Ok(Self { weight: init.linear(&[1, inputs], inputs)?, bias: init.linear(&[1], inputs)? })
    }

    /// `[.., D]` to `[..]`.
    fn logits(&self, fused: &Tensor) -> Result<Tensor, ModelError> {
        Ok(fused.f_linear(&self.weight, Some(&self.bias))?.f_squeeze_dim(-1)?)
    }

    /// F diag(w) Gᵀ + b: `[M, D]` and `[N, D]` to `[M, N]`.
    fn all_products(&self, first: &Tensor, second: &Tensor) -> Result<Tensor, ModelError> {
        Ok(first.f_mul(&self.weight)?.f_matmul(&second.f_transpose(0, 1)?)?.f_add(&self.bias)?)
    }

    fn named(&self, name: &str, into: &mut Named) {
        into.push((format!("{name}.weight"), self.weight.shallow_clone()));
        into.push((format!("{name}.bias"), self.bias.shallow_clone()));
    }
}

/// The network of SYNC (Jenni & Favaro 2020): one encoder, a fusion of two pictures' features, and a linear head
/// each for "same instant" and "not mirrored".
pub struct SyncNet {
    config: SyncNetConfig,
    device: Device,
    kind: Kind,
    pub(crate) encoder: Backbone,
    sync_head: Head,
    flip_head: Head,
}

impl SyncNet {
    /// A network with initial values from the seed.
    ///
    /// # Errors
    /// If the width is not valid, or libtorch lacks the memory or the device.
    pub fn new(config: &SyncNetConfig, device: Device, kind: Kind) -> Result<Self, ModelError> {
        let mut init = Init::new(config.seed, device, kind);
        let encoder = Backbone::new(config.network, config.width, &mut init)?;
        let fused = encoder.features() * if config.fusion == Fusion::Concat { 2 } else { 1 };
        let (sync_head, flip_head) = (Head::new(&mut init, fused)?, Head::new(&mut init, fused)?);
        Ok(Self { config: *config, device, kind, encoder, sync_head, flip_head })
    }

    /// Takes the encoder's values from a network that was trained on ImageNet: a safetensors file with torchvision's
    /// names, for pictures normalised as torchvision has them. Pictures stay from −1 to 1.
    ///
    /// # Errors
    /// If the file cannot be read, or lacks a tensor or has one of another shape. Nothing has changed then.
    pub fn take_imagenet(&self, path: &Path) -> Result<(), ModelError> {
        self.encoder.take_imagenet(path)
    }

    pub fn config(&self) -> &SyncNetConfig {
        &self.config
    }

    pub fn device(&self) -> Device {
        self.device
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Pictures `[N, 3, S, S]`, S ≥ 32, to features `[N, D]` in the network's kind, whatever the precision.
    pub fn features(&self, x: &Tensor, mode: Mode) -> Result<Tensor, ModelError> {
        let statistics = match mode {
            Mode::Train => Statistics::TRAIN,
            Mode::Eval => Statistics::Running,
        };
        Ok(self.encoder.forward(x, statistics, Frozen::Nothing)?.f_to_kind(self.kind)?)
    }

    /// The logits `[N]` of "same instant" and of "not mirrored" for pairs of features `[N, D]`. Always in the network's
    /// own kind: heads are cheap, and rounded logits are harmful.
    pub fn pair_logits(&self, a: &Tensor, b: &Tensor) -> Result<(Tensor, Tensor), ModelError> {
        autocast(Precision::F32, self.device, || {
            let fused = self.fuse(a, b)?;
            Ok((self.sync_head.logits(&fused)?, self.flip_head.logits(&fused)?))
        })
    }

    /// [`pair_logits`](Self::pair_logits) of every ordered pair among features `[N, D]`: two matrices `[N, N]`,
    /// row the first of the pair. With [`Fusion::Mult`] one matrix product per head, F diag(w) Fᵀ + b, which is
    /// exact since features are non-negative; the other fusions hold an `[N, N, D]` tensor.
    pub fn all_pair_logits(&self, features: &Tensor) -> Result<(Tensor, Tensor), ModelError> {
        autocast(Precision::F32, self.device, || {
            if self.config.fusion == Fusion::Mult {
                let products = |head: &Head| head.all_products(features, features);
                return Ok((products(&self.sync_head)?, products(&self.flip_head)?));
            }
            let (n, d) = features.size2()?;
            let rows = features.f_unsqueeze(1)?.f_expand([n, n, d], false)?;
            let columns = features.f_unsqueeze(0)?.f_expand([n, n, d], false)?;
            let fused = self.fuse(&rows, &columns)?;
            Ok((self.sync_head.logits(&fused)?, self.flip_head.logits(&fused)?))
        })
    }

    /// The logits of "same instant" between queries `[M, D]` and candidates `[N, D]`: a matrix `[M, N]`. With
    /// [`Fusion::Mult`] one matrix product. Other fusions take a query at a time; where they depend on the order of a
    /// pair, it is the mean of both.
    pub fn sync_logits(&self, queries: &Tensor, candidates: &Tensor) -> Result<Tensor, ModelError> {
        autocast(Precision::F32, self.device, || {
            if self.config.fusion == Fusion::Mult {
                return self.sync_head.all_products(queries, candidates);
            }
            let mut rows = Vec::new();
            for query in 0..queries.size2()?.0 {
                let query = queries.f_narrow(0, query, 1)?.f_expand_as(candidates)?;
                let first = self.sync_head.logits(&self.fuse(&query, candidates)?)?;
                let second = self.sync_head.logits(&self.fuse(candidates, &query)?)?;
                rows.push(first.f_add(&second)?.f_mul_scalar(0.5)?);
            }
            Ok(Tensor::f_stack(&rows, 0)?)
        })
    }

    fn fuse(&self, a: &Tensor, b: &Tensor) -> Result<Tensor, ModelError> {
        let fused = match self.config.fusion {
            Fusion::Mult => a.f_mul(b)?,
            Fusion::Add => a.f_add(b)?,
            Fusion::Concat => Tensor::f_cat(&[a, b], -1)?,
            Fusion::Diff => a.f_sub(b)?,
        };
        Ok(fused.f_relu()?)
    }

    /// The parameters by name: `encoder.*`, `sync_head.*`, `flip_head.*`.
    pub fn trainable(&self) -> Vec<(String, Tensor)> {
        self.with_heads(self.encoder.trainable(Frozen::Nothing))
    }

    /// Parameters and running statistics by name, for checkpoints.
    pub fn tensors(&self) -> Vec<(String, Tensor)> {
        self.with_heads(self.encoder.tensors())
    }

    /// Stands for the encoder's values and the preprocessing of its pictures: see [`version`](crate::version).
    pub fn encoder_version(&self, preprocessing: &str) -> Result<String, ModelError> {
        let mut encoder = self.tensors();
        encoder.retain(|(name, _)| name.starts_with("encoder."));
        crate::version(&encoder, preprocessing)
    }

    fn with_heads(&self, encoder: Named) -> Named {
        let mut named: Named = encoder.into_iter().map(|(name, t)| (format!("encoder.{name}"), t)).collect();
        self.sync_head.named("sync_head", &mut named);
        self.flip_head.named("flip_head", &mut named);
        named
    }

    /// Recomputes BatchNorm's running statistics as the mean over these batches `[N, 3, S, S]`. After training they lag
    /// behind the weights, so do this before each evaluation. Mix mirrored and plain pictures in all batches: the
    /// statistics of a batch with one kind only reveal the answer. Without batches nothing changes.
    pub fn recalibrate_batch_norm(&self, batches: &mut dyn Iterator<Item = Tensor>) -> Result<(), ModelError> {
        tch::no_grad(|| {
            for (index, batch) in batches.enumerate() {
                if index == 0 {
                    self.encoder.reset_statistics(Frozen::Nothing)?;
                }
                // This momentum makes the running value the mean of all batches so far.
                let momentum = 1.0 / (index + 1) as f64;
                let _ = self.encoder.forward(&batch, Statistics::Batch { momentum }, Frozen::Nothing)?;
            }
            Ok(())
        })
    }
}
