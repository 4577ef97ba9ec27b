//! What a recipe can choose of a network, its input and its arithmetic.

use serde::{Deserialize, Serialize};

/// Widths are multiples of this: in narrower networks oneDNN's AVX2 kernels write beyond their buffers.
const WIDTH_STEP: i64 = 8;

/// Whether a network may have this many channels in its first stage.
pub fn is_width(width: i64) -> bool {
    width >= 1 && width % WIDTH_STEP == 0
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
