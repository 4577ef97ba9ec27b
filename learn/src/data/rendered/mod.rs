//! A rendered session with exact labels and masks, and additional recorded takes, in memory.

mod changes;
mod dataset;
mod load;
mod moments;
mod moving;
mod parallel;
mod plan;
mod recorded;
mod splits;

pub(crate) use changes::MaskChanges;
pub(crate) use dataset::poses;
pub use dataset::{Batch, Dataset, DatasetTake, PictureFrom, PictureId, bytes_per_picture};
pub(crate) use moving::MovingInstants;
pub use splits::Split;
