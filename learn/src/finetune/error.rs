use std::path::PathBuf;

use model::ModelError;
use pose::PoseError;
use subject::SubjectError;
use take::TakeError;
use thiserror::Error;

/// What can be wrong with a take and its labels, and with learning from them.
#[derive(Debug, Error)]
pub enum FinetuneError {
    #[error(transparent)]
    Take(Box<TakeError>),
    #[error("labels: {0}")]
    Pose(#[from] PoseError),
    #[error("samples of {camera}: {source}")]
    Subject { camera: String, source: Box<SubjectError> },
    #[error("{doing}: {source}")]
    Model { doing: &'static str, source: Box<ModelError> },
    #[error(
        "the labels are for the camera {name:?}, which the take {} does not have: it has {known}; record the session \
         whose labels these are, or import labels with the names of the take's cameras", take.display()
    )]
    UnknownCamera { take: PathBuf, name: String, known: String },
    #[error(
        "the frames of {camera} in the take {} do not say where in a source they stand, so no label can be joined to \
         them: labels go by source position, which replayed footage has", take.display()
    )]
    NoSource { take: PathBuf, camera: String },
    #[error(
        "no instant of the take {} has a label: the take has the source positions {take_has}, the labels {labels_have}",
        take.display()
    )]
    NothingLabelled { take: PathBuf, take_has: String, labels_have: String },
    #[error("{0}")]
    TooFew(String),
    #[error("the recipe in {}: {problem}", path.display())]
    Recipe { path: PathBuf, problem: String },
    #[error("{0}")]
    Config(String),
    #[error("predicting poses: {0}")]
    Predict(Box<dyn std::error::Error + Send + Sync>),
}

impl From<TakeError> for FinetuneError {
    fn from(error: TakeError) -> Self {
        Self::Take(Box::new(error))
    }
}

/// Says what was being done when the model failed.
pub(crate) fn during(doing: &'static str) -> impl Fn(ModelError) -> FinetuneError {
    move |source| FinetuneError::Model { doing, source: Box::new(source) }
}
