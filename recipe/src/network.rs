//! What a recipe may say of a network, of what it sees and of its arithmetic.

use serde::{Deserialize, Serialize};

/// Widths are multiples of this: in narrower networks oneDNN's AVX2 kernels write beyond their buffers.
const WIDTH_STEP: i64 = 8;

/// Whether a network may have so many channels behind its stem.
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
    Add,
    Concat,
    /// The difference as written, which depends on the order of the two.
    Diff,
}

/// What a network sees of a crop's background.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Background {
    /// Black behind the subject.
    #[default]
    Removed,
    Kept,
    /// The background without the subject, for checks that it gives nothing away.
    Only,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrecisionChoice {
    /// bf16 where the device computes it itself and a probe at start finds it faster.
    Auto,
    F32,
    Bf16,
}
