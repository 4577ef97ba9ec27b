//! Complete training runs, as commands start them.

mod encoder_source;
mod finetuner;
mod learner;
mod pose_training;
mod stages;

pub use encoder_source::EncoderSource;
pub use finetuner::{FinetuneConfig, Finetuner, Training};
pub use learner::Learner;
pub use pose_training::{NextDraw, PoseTraining, StageLosses, StageStep};
