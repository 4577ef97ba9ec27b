//! Evaluation: accuracy on pairs, and pose errors compared with baselines.

mod baselines;
mod heads;
mod held_out;
mod nearest;
pub(crate) mod pairs;
mod peer;
mod pictures;
mod plane;
mod scores;
pub mod separation;
mod spread;
pub(crate) mod sync_accuracy;
pub mod sync_report;
mod take;
mod thumbnails;
mod trial;

pub use baselines::Baselines;
pub use heads::{ConfidenceBin, HeadScores};
pub use held_out::{Comparison, Evaluator, RenderedEvaluation};
pub use nearest::Nearest;
pub use pairs::{PairEvaluation, PairScores};
pub use peer::{PeerPictures, PeerPoses};
pub use plane::PlaneErrors;
pub use scores::{BothKinds, Scores};
pub use sync_accuracy::SyncAccuracy;
pub use take::{TakeComparison, TakeEvaluation, TakeScores, ViewScores, evaluate_take};
pub use trial::{Trial, TrialReport, TrialRow};
