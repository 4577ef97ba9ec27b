//! Moments and poses between processes and hosts: traits, an in-process form for tests, and Zenoh.

mod error;
mod moment;
mod ports;
mod pose_message;
mod status;

pub use error::TransportError;
pub use moment::{Moment, View};
pub use ports::{
    Hint, HintSink, HintSource, MomentSink, MomentSource, PoseSink, PoseSource, Received,
};
pub use pose_message::{FrameOfReference, POSE_SCHEMA_VERSION, PoseMessage, TriggerState, ViewPose};
pub use status::{InferStatus, LearnerStatus};
