//! Training objectives. Each implements [`Objective`](crate::trainer::Objective).

pub(crate) mod pose_head;
pub(crate) mod pretext;
pub(crate) mod pretraining;
pub(crate) mod stage_state;
mod sync;
pub(crate) mod transfer;

pub use pretext::{Draw, HeadLosses, PretextTask, Seen};
pub use pretraining::{PairStep, TakesDraw};
pub use sync::Sync;
pub use transfer::{RenderedTraining, TransferLosses, labelled_rows};
