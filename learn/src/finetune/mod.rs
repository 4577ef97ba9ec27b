//! Transfer to 3D poses with few labels (SYNC §3.2): a linear layer on an encoder that was trained without any.

mod error;
mod finetuner;
mod labelled_take;
mod source;

pub use error::FinetuneError;
pub(crate) use finetuner::split;
pub use finetuner::{FinetuneConfig, Finetuner, Training};
pub(crate) use labelled_take::BACKGROUND_FRAMES;
pub use labelled_take::{LabelledSample, LabelledTake};
pub use source::EncoderSource;
