//! The arithmetic of networks, as the command line chooses it.

use clap::ValueEnum;
use infer::PrecisionChoice;

/// `--precision` of the commands that make poses.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PrecisionName {
    /// The faster one.
    Auto,
    F32,
    Bf16,
}

impl From<PrecisionName> for PrecisionChoice {
    fn from(name: PrecisionName) -> Self {
        match name {
            PrecisionName::Auto => Self::Auto,
            PrecisionName::F32 => Self::F32,
            PrecisionName::Bf16 => Self::Bf16,
        }
    }
}
