//! What a recipe can choose of a network, its input and its arithmetic.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Widths are multiples of this: in narrower networks oneDNN's AVX2 kernels write beyond their buffers.
const WIDTH_STEP: i64 = 8;

/// Whether a network may have this many channels in its first stage.
pub fn is_width(width: i64) -> bool {
    width >= 1 && width % WIDTH_STEP == 0
}

/// The residual network that encodes pictures (He et al. 2016).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// Eight blocks of two convolutions; 512 features at width 64.
    #[default]
    #[serde(rename = "resnet-18")]
    ResNet18,
    /// Sixteen blocks of three convolutions; 2048 features at width 64.
    #[serde(rename = "resnet-50")]
    ResNet50,
}

/// What the values of an encoder are before pretraining, or before transfer without one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Initial {
    /// Random, from the seed.
    #[default]
    Random,
    /// Those of a network trained on ImageNet. In TOML: `initial = { imagenet = { weights = "FILE" } }`.
    #[serde(rename = "imagenet")]
    ImageNet {
        /// A safetensors file with torchvision's names, for pictures normalised as torchvision has them. The width must
        /// be 64.
        weights: PathBuf,
    },
}

/// How two feature vectors become one (SYNC, Table 1 h–k); a ReLU follows each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fusion {
    /// The elementwise product, the paper's choice.
    #[default]
    Mult,
    /// The elementwise sum.
    Add,
    /// One after the other, which doubles the length.
    Concat,
    /// The first minus the second, which depends on their order.
    Diff,
}

/// What a network sees of a crop's background.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Background {
    /// Black behind the subject.
    #[default]
    Removed,
    /// The crop as it is.
    Kept,
    /// The background without the subject, for checks that it gives nothing away.
    Only,
}

/// The floating-point format of a network's arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrecisionChoice {
    /// bf16 if the device supports it natively and a probe at the start finds it faster, else f32.
    Auto,
    /// 32-bit floats.
    F32,
    /// bfloat16 by libtorch's autocast, which keeps sensitive operations in f32.
    Bf16,
}
