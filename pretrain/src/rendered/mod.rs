//! Training a pose model from rendered people: a session of takes with exact labels and masks, SYNC on them without
//! the labels, then transfer with them, and what came of it on people and clips that were held out.

mod augment;
mod dataset;
mod draws;
mod error;
mod eval_recipe;
mod evaluation;
mod load;
mod parallel;
mod plans;
mod recipe;
mod recorded;
mod sync_stage;
mod trainer;
mod transfer;

pub use augment::{Augment, AugmentConfig, Augmented};
pub use dataset::{Batch, DataConfig, Dataset, DatasetTake, PictureId, Split};
pub use error::RenderedError;
pub use eval_recipe::{EvalRecipe, TakePlan};
pub use evaluation::{
    Baselines, BothKinds, Comparison, ConfidenceBin, Evaluator, HeadScores, Nearest, Peer, PeerPictures, PeerPoses,
    PictureFrom, RenderedEvaluation, Scores, Trial, TrialReport, TrialRow,
};
pub use plans::{EvaluationPlan, PoseLoss, Start, SyncPlan, Trained, TransferPlan};
pub use recipe::TrainRecipe;
pub use sync_stage::SyncDraw;
pub use trainer::{Losses, NextDraw, StepReport, SyncAccuracy, Trainer};
pub use transfer::{RenderedTraining, TransferLosses, labelled_rows};
