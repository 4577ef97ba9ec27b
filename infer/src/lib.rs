//! From moments to live 3D poses: the engine around a pose model, the model's file, and the live loop; from pictures to a
//! rig's geometry and bodies in it, live and of recordings.

mod crops;
mod engine;
mod error;
mod framing;
mod fused;
mod live;
mod live_bodies;
mod model_file;
mod own;
mod pace;
mod precision;
mod recent;
pub mod recording;
pub mod rig;
mod seeing;

pub use crops::Crops;
pub use engine::{Engine, PersonPose};
pub use error::{InferError, Mismatch};
pub use live::Live;
pub use live_bodies::{BodyLinks, LiveBodies};
pub use model_file::ModelFile;
pub use own::OwnFinder;
pub use precision::{PrecisionChoice, precision_name};
