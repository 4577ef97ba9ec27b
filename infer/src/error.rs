//! The errors of inference.

use model::ModelError;
use thiserror::Error;
use transport::TransportError;

#[derive(Debug, Error)]
pub enum InferError {
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error("the pose model does not fit: {0}")]
    Mismatch(#[from] Mismatch),
    #[error(
        "the pose model gives the joints {found}, the stream promises {expected}; \
         make a new one with `genlock finetune`"
    )]
    Joints { found: String, expected: String },
    #[error(
        "the pose model was trained only on pictures without their background, and plain ones were asked for: leave out \
         `--plain`"
    )]
    Plain,
    #[error(transparent)]
    Finder(#[from] joints::FinderError),
    #[error("{doing}: {source}")]
    Transport { doing: &'static str, source: TransportError },
}

/// Why a model does not fit a moment.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Mismatch {
    #[error(
        "it was made for crops of {model_px} px, the session sends {moment_px} px: give the session a recipe with \
         `crop-px = {model_px}`, or make a model with `genlock finetune --crop-px {moment_px}`"
    )]
    CropSize { model_px: u32, moment_px: u32 },
    #[error(
        "it was made for pictures preprocessed as {model}, the session's are {moment}: make a new one with `genlock \
         finetune` of this genlock"
    )]
    Preprocessing { model: String, moment: String },
}
