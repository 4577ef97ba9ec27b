//! Moments and poses between processes and hosts: traits, an in-process form for tests, and Zenoh.

mod codec;
mod error;
mod host_view;
mod host_words;
mod in_process;
mod moment;
mod moment_file;
mod ports;
mod pose_message;
mod status;
mod zenoh_hosts;
mod zenoh_link;

pub use error::TransportError;
pub use host_view::{HostView, ViewLabel, crop_of, encode_view};
pub use host_words::{Answer, CameraState, Heard, Hello, LinkedPulses, SystemClock};
pub use in_process::{InProcessMomentSource, InProcessMoments, in_process_hints, in_process_poses};
pub use moment::{Moment, View};
pub use moment_file::{MomentFileReader, MomentFileWriter};
pub use ports::{Hint, HintSink, HintSource, MomentSink, MomentSource, PoseSink, PoseSource, Received};
pub use pose_message::{FrameOfReference, ModelOrigin, POSE_SCHEMA_VERSION, PoseMessage, TriggerState, ViewPose};
pub use status::{InferStatus, LearnerStatus};
pub use zenoh_hosts::{FirstHost, Hellos, OtherHost, ViewSink, Views};
pub use zenoh_link::{
    POOL_BYTES, ZenohHintSink, ZenohHintSource, ZenohLink, ZenohMomentSink, ZenohMomentSource, ZenohPoseSink,
    ZenohPoseSource,
};
