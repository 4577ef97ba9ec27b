use std::path::PathBuf;

use model::ModelError;
use pose::PoseError;
use subject::SubjectError;
use take::TakeError;
use thiserror::Error;

use crate::PretrainError;

/// What can be wrong with a rendered session, and with learning from one.
#[derive(Debug, Error)]
pub enum RenderedError {
    #[error(transparent)]
    Take(Box<TakeError>),
    #[error("labels: {0}")]
    Labels(#[from] PoseError),
    #[error(transparent)]
    Recipe(Box<PretrainError>),
    #[error("{}: frame {frame} of {camera}: {source}", take.display())]
    Picture { take: PathBuf, camera: String, frame: usize, source: Box<SubjectError> },
    #[error("{}: {problem}", take.display())]
    InTake { take: PathBuf, problem: String },
    #[error("the session {}: {problem}", session.display())]
    Session { session: PathBuf, problem: String },
    #[error("{doing}: {source}")]
    Model { doing: &'static str, source: Box<ModelError> },
    #[error("{}: {problem}", path.display())]
    Checkpoint { path: PathBuf, problem: String },
    #[error("{0}")]
    Nothing(String),
    #[error(
        "the loss became {loss} at step {step} of {stage}: go on from the last checkpoint with a lower learning rate"
    )]
    Diverged { stage: &'static str, step: u64, loss: f64 },
}

impl From<TakeError> for RenderedError {
    fn from(error: TakeError) -> Self {
        Self::Take(Box::new(error))
    }
}

impl From<recipe::RecipeError> for RenderedError {
    fn from(error: recipe::RecipeError) -> Self {
        PretrainError::from(error).into()
    }
}

impl From<PretrainError> for RenderedError {
    fn from(error: PretrainError) -> Self {
        Self::Recipe(Box::new(error))
    }
}

/// Says what was being done when the model failed.
pub(crate) fn during(doing: &'static str) -> impl Fn(ModelError) -> RenderedError {
    move |source| RenderedError::Model { doing, source: Box::new(source) }
}
