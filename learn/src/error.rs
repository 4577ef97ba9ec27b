//! Errors of training, evaluation and their data.

use std::path::PathBuf;

use model::ModelError;
use pose::PoseError;
use recipe::RecipeError;
use subject::SubjectError;
use take::TakeError;
use thiserror::Error;

#[derive(Debug, Error)]
pub enum LearnError {
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// An invalid setting that is not part of a recipe.
    #[error("{0}")]
    Setting(String),

    // Training.
    #[error("{doing}: {source}")]
    Model { doing: &'static str, source: Box<ModelError> },
    #[error("checkpoint {}: {problem}", path.display())]
    Checkpoint { path: PathBuf, problem: String },
    #[error("the recipe in {}: {problem}", path.display())]
    RecipeOfCheckpoint { path: PathBuf, problem: String },
    #[error(
        "the loss became {loss} at step {step} of {objective}: lower the learning rate, and resume from the last \
         checkpoint if there is one"
    )]
    Diverged { objective: &'static str, step: u64, loss: f64 },

    // Moments.
    #[error("the moments kept in {}: {problem}", path.display())]
    BufferFile { path: PathBuf, problem: String },
    #[error(
        "buffer.bytes = {bytes} needs {:.1} GB of memory with the held-out moments, and this machine has {:.1} GB: \
         lower it in the recipe",
        *needed as f64 / 1e9, *memory as f64 / 1e9
    )]
    BufferTooLarge { bytes: u64, needed: u64, memory: u64 },
    #[error("a crop of {got} px where the recipe has crop-px = {wanted}: sender and learner disagree")]
    CropSize { got: u16, wanted: u16 },
    #[error(
        "moments were preprocessed as {got:016x}, but earlier moments or the checkpoint as {known:016x}: the network \
         would see different input; start in another folder"
    )]
    Preprocessing { got: u64, known: u64 },
    #[error("a moment has no sample {index} of camera {view}, which the task needs")]
    MissingSample { view: usize, index: usize },

    // Takes, sessions and their labels.
    #[error(transparent)]
    Take(Box<TakeError>),
    #[error("labels: {0}")]
    Labels(#[from] PoseError),
    #[error("{}: {problem}", take.display())]
    InTake { take: PathBuf, problem: String },
    #[error("{}: frame {frame} of {camera}: {source}", take.display())]
    Picture { take: PathBuf, camera: String, frame: usize, source: Box<SubjectError> },
    #[error("samples of {camera}: {source}")]
    Subject { camera: String, source: Box<SubjectError> },
    #[error(
        "the labels are for the camera {name:?}, which the take {} does not have: it has {known}; record the session \
         that these labels belong to, or import labels with the names of the take's cameras", take.display()
    )]
    UnknownCamera { take: PathBuf, name: String, known: String },
    #[error(
        "the frames of {camera} in the take {} do not say where in a source they are, so no label can be joined to \
         them: labels are joined by source position, which replayed footage has", take.display()
    )]
    NoSource { take: PathBuf, camera: String },
    #[error(
        "no instant of the take {} has a label: the take has the source positions {take_has}, the labels {labels_have}",
        take.display()
    )]
    NothingLabelled { take: PathBuf, take_has: String, labels_have: String },
    #[error("the session {}: {problem}", session.display())]
    Session { session: PathBuf, problem: String },
    /// Too little data to train or evaluate on.
    #[error("{0}")]
    TooFew(String),

    // Evaluation.
    #[error("predicting poses: {0}")]
    Predict(Box<dyn std::error::Error + Send + Sync>),
    #[error("{who}: {problem}")]
    Peer { who: String, problem: String },
    #[error("writing {}: {source}", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error("{doing}: {source}")]
    Json { doing: &'static str, source: serde_json::Error },
}

impl From<TakeError> for LearnError {
    fn from(error: TakeError) -> Self {
        Self::Take(Box::new(error))
    }
}

/// Wraps a model error with the operation that failed.
pub(crate) fn during(doing: &'static str) -> impl Fn(ModelError) -> LearnError {
    move |source| LearnError::Model { doing, source: Box::new(source) }
}

/// Wraps a JSON error with the operation that failed.
pub(crate) fn in_json(doing: &'static str) -> impl Fn(serde_json::Error) -> LearnError {
    move |source| LearnError::Json { doing, source }
}
