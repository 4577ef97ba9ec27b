//! Recipes: TOML files that say what to learn, how, and what to measure. Keys are in kebab-case, and unknown ones are
//! refused. Nothing here needs libtorch, so the program that starts a learner can read the learner's recipe, too.

#![warn(missing_docs)]

mod ablation;
mod augment;
mod background_plan;
mod buffer;
mod check;
mod data;
mod error;
mod eval;
mod motion;
mod negatives;
mod network;
mod optimiser;
mod plans;
mod pretrain;
mod rig_training;
mod stream;
mod sync_plan;
mod train;

pub use ablation::{AblationRecipe, AblationRow, Needs, PaperErrors, PlannedRow, PublishedRow};
pub use augment::AugmentConfig;
pub use background_plan::BackgroundPlan;
pub use buffer::{Buffer, Keep, Normalisation, Pace, Served};
pub use data::DataConfig;
pub use error::RecipeError;
pub use eval::{EvalRecipe, Peer, TakePlan};
pub use motion::MotionFilter;
pub use negatives::Negatives;
pub use network::{Background, Fusion, Initial, Network, PrecisionChoice, is_width};
pub use optimiser::{DecayReading, Optimiser};
pub use plans::{EvaluationPlan, PoseLoss, PoseTarget, Start, Trained, TransferPlan};
pub use pretrain::{AccuracyPlan, BatchForm, Checkpoints, PretrainRecipe};
pub use rig_training::RigTraining;
pub use stream::{Measured, PlannedArm, StreamArm, StreamRecipe, StreamSession};
pub use sync_plan::{PairForm, PairHeads, PairViews, SyncLoss, SyncPlan};
pub use train::TrainRecipe;
