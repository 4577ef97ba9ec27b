//! Complete training runs, as commands start them.

mod encoder_source;
mod finetuner;
mod learner;
mod pose_training;
mod refitter;
mod stages;

pub use encoder_source::{EncoderSource, Start};
pub use finetuner::{FinetuneConfig, Finetuner, Training};
pub use learner::Learner;
pub use pose_training::{NextDraw, PoseTraining, StageLosses, StageStep};
pub use refitter::{LabelStore, RefitSettings, Refitter};
pub use stages::EncoderFile;
