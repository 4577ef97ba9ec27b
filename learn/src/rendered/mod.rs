//! Training a pose model from rendered people: a session of takes with exact labels and masks, SYNC on them without
//! the labels, then transfer with them, and what came of it on people and clips that were held out.

mod augment;
mod dataset;
mod draws;
mod error;
mod evaluation;
mod load;
mod parallel;
mod recorded;
mod sync_stage;
mod trainer;
mod transfer;

pub use augment::{Augment, Augmented};
pub use dataset::{Batch, Dataset, DatasetTake, PictureId, Split, bytes_per_picture};
pub use error::RenderedError;
pub use evaluation::{
    Baselines, BothKinds, Comparison, ConfidenceBin, Evaluator, HeadScores, Nearest, PeerPictures, PeerPoses,
    PictureFrom, RenderedEvaluation, Scores, Trial, TrialReport, TrialRow,
};
pub use sync_stage::SyncDraw;
pub use trainer::{Losses, NextDraw, StepReport, SyncAccuracy, Trainer};
pub use transfer::{RenderedTraining, TransferLosses, labelled_rows};
