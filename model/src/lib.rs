//! Networks, optimiser and checkpoints over libtorch.

mod adamw;
mod backbone;
pub mod checkpoint;
mod cosine;
mod device;
mod error;
mod graph;
mod init;
mod loss;
mod pictures;
pub mod pose_checkpoint;
mod pose_heads;
mod pose_model;
mod precision;
mod shim;
mod sync_net;
mod tensor_file;
pub mod training_file;

pub use adamw::{AdamW, AdamWConfig};
pub use backbone::{Backbone, STAGES};
pub use checkpoint::CheckpointMeta;
pub use cosine::Cosine;
pub use device::{set_threads, start, threads};
pub use error::ModelError;
pub use graph::Graph;
pub use loss::{tuple_loss, weighted_pair_loss};
pub use pictures::PictureBatch;
pub use pose_checkpoint::PoseCheckpointMeta;
pub use pose_heads::{CONFIDENT_MM, confidence_loss, distance_loss, joint_distances, plane_loss};
pub use pose_model::{JOINTS, PoseModel, PoseOutput, PosePrediction, PoseSpec, pose_loss};
pub use precision::{PROBE_LIMIT, Precision, Probe, autocast, faster_precision, has_bf16, probe, spent};
pub use recipe::{Background, DecayReading, Fusion};
pub use shim::{channels_last, channels_last_in_place};
pub use sync_net::{Mode, SyncNet, SyncNetConfig};
pub use tensor_file::version;
