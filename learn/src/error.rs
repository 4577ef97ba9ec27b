use std::path::PathBuf;

use recipe::RecipeError;
use thiserror::Error;

#[derive(Debug, Error)]
pub enum PretrainError {
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    #[error("a crop of {got} px where the recipe has crop-px = {wanted}: sender and learner disagree")]
    CropSize { got: u16, wanted: u16 },
    #[error(
        "moments preprocessed as {got:016x}, those before or of the checkpoint as {known:016x}: a network would see \
         something else; start in another folder"
    )]
    Preprocessing { got: u64, known: u64 },
    #[error("a moment has no sample {index} of camera {view}, which the task wants")]
    MissingSample { view: usize, index: usize },
    #[error("{doing}: {source}")]
    Model { doing: &'static str, source: Box<model::ModelError> },
    #[error("checkpoint {}: {problem}", path.display())]
    Checkpoint { path: PathBuf, problem: String },
    #[error("the loss became {loss} at step {step}; the state of before is in the last checkpoint")]
    Diverged { step: u64, loss: f64 },
}

/// Says what was being done when the model failed.
pub(crate) fn during(doing: &'static str) -> impl Fn(model::ModelError) -> PretrainError {
    move |source| PretrainError::Model { doing, source: Box::new(source) }
}
