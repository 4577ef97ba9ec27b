//! Self-supervised learning on moments without labels: SYNC (Jenni & Favaro, ACCV 2020) on a live stream.

pub mod chance;
mod error;
pub mod evaluate;
mod evaluation;
pub mod finetune;
mod from_recipe;
mod learner;
pub mod metrics;
mod pictures;
mod pretext;
pub mod rendered;
mod resume;
mod seeds;
mod store;

pub use error::PretrainError;
pub use evaluation::{Evaluation, PairScores};
pub use from_recipe::NetRecipe;
pub use learner::{Learner, StepReport};
pub use pretext::{Draw, HeadLosses, PretextTask, SampleWanted, Sync};
pub use resume::check_checkpoint;
