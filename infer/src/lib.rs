//! From moments to live 3D poses: the engine around a pose model, the model's file, and the live loop.

mod engine;
mod error;
mod live;
mod model_file;
mod pace;
mod precision;
mod recent;
pub mod recording;

pub use engine::{Engine, PersonPose};
pub use error::{InferError, Mismatch};
pub use live::Live;
pub use model_file::ModelFile;
pub use precision::{PrecisionChoice, precision_name};
