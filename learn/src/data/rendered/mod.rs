//! A rendered session with exact labels and masks, and recorded takes beside it, in memory.

mod dataset;
mod load;
mod parallel;
mod plan;
mod recorded;
mod splits;

pub(crate) use dataset::poses;
pub use dataset::{Batch, Dataset, DatasetTake, PictureFrom, PictureId, bytes_per_picture};
pub use splits::Split;
