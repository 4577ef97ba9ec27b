//! Training and evaluation data: live moments, labelled takes, rendered sessions.

pub mod augment;
pub(crate) mod buffer;
pub(crate) mod gate;
mod labelled_take;
pub(crate) mod memory;
pub(crate) mod moments;
pub(crate) mod pictures;
pub(crate) mod pose_statistics;
pub(crate) mod random;
mod realign;
pub mod rendered;

pub(crate) use labelled_take::{BACKGROUND_FRAMES, in_crop};
pub use labelled_take::{LabelledSample, LabelledTake};
pub use pictures::SampleWanted;
pub use realign::Correction;
pub(crate) use realign::Realigner;
