//! Recipes: TOML files that say what to learn, how, and what to measure. Keys are in kebab-case, and unknown ones are
//! refused. Nothing here needs libtorch, so the program that starts a learner can read the learner's recipe, too.

#![warn(missing_docs)]

mod augment;
mod check;
mod data;
mod error;
mod eval;
mod network;
mod optimiser;
mod plans;
mod pretrain;
mod rig_training;
mod train;

pub use augment::AugmentConfig;
pub use data::DataConfig;
pub use error::RecipeError;
pub use eval::{EvalRecipe, Peer, TakePlan};
pub use network::{Background, Fusion, PrecisionChoice, is_width};
pub use optimiser::{DecayReading, Optimiser};
pub use plans::{EvaluationPlan, PoseLoss, Start, SyncPlan, Trained, TransferPlan};
pub use pretrain::{AccuracyPlan, BatchForm, Buffer, Checkpoints, PretrainRecipe};
pub use rig_training::RigTraining;
pub use train::TrainRecipe;
