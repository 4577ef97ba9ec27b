//! Inference: 3D poses from the moments of a live stream, by a pose model; and a rig's geometry with bodies in it, from
//! the pictures of live streams and recordings.

mod crops;
mod engine;
mod error;
mod framing;
mod fused_pose;
mod latencies;
mod live_bodies;
mod live_poses;
mod model_file;
mod model_finder;
mod not_known;
mod observations;
pub mod own_network;
mod pace;
mod picture_requests;
mod precision;
pub mod recording;
pub mod rig;

pub use crops::Crops;
pub use engine::{Engine, PersonPose};
pub use error::{InferError, Mismatch};
pub use live_bodies::{BodyLinks, LiveBodies};
pub use live_poses::LivePoses;
pub use model_file::ModelFile;
pub use model_finder::ModelFinder;
pub use precision::{PrecisionChoice, precision_name};
