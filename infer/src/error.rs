use model::ModelError;
use thiserror::Error;
use transport::TransportError;

#[derive(Debug, Error)]
pub enum InferError {
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    #[error(
        "the pose model gives the joints {found}, the stream promises {expected}; \
         make a new one with `genlock finetune`"
    )]
    Joints { found: String, expected: String },
    #[error("{doing}: {source}")]
    Transport { doing: &'static str, source: TransportError },
}

/// Why a model and a moment do not belong together.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Mismatch {
    #[error(
        "the pose model {version} was made for crops of {model_px} px, the session sends {moment_px} px: run the \
         session with crops of {model_px} px, or make a model with `genlock finetune --crop-px {moment_px}`"
    )]
    CropSize { version: String, model_px: u32, moment_px: u32 },
    #[error(
        "the pose model {version} was made for pictures preprocessed as {model}, the session's are {moment}: make a \
         new one with `genlock finetune` of this genlock"
    )]
    Preprocessing { version: String, model: String, moment: String },
}
