//! Carries moments and poses between processes and hosts: traits, an in-process form for tests, and Zenoh.

mod body_labels;
mod camera_state;
mod codec;
mod cropped_view;
mod error;
mod finder_set;
mod host_messages;
mod host_view;
mod in_process;
mod moment;
mod moment_file;
mod packed;
mod ports;
mod pose_message;
mod rig_messages;
mod status;
#[cfg(feature = "zenoh")]
mod zenoh_host_links;
#[cfg(feature = "zenoh")]
mod zenoh_link;

pub use body_labels::{BodyLabel, BodyLabels};
pub use camera_state::CameraState;
pub use codec::{decode_moment, encode_moment};
pub use cropped_view::{CroppedView, UnusableView, too_few_usable};
pub use error::TransportError;
pub use finder_set::{Asked, FinderSet, FinderView, decode_finder_set, encode_finder_set};
pub use host_messages::{Answer, Heard, Hello, HelloCamera, LinkedPulses, PromisedInstant, SystemClock};
pub use host_view::{HostView, ViewLabel};
pub use in_process::{
    InProcessMomentSource, InProcessMoments, in_process_commands, in_process_finder_sets, in_process_hints,
    in_process_poses,
};
pub use moment::{Moment, View};
pub use moment_file::{MomentFileReader, MomentFileWriter};
pub use ports::{
    CommandSink, CommandSource, FinderSetSink, FinderSetSource, Hint, HintSink, HintSource, LabelSource, MomentSink,
    MomentSource, PoseSink, PoseSource, Received,
};
pub use pose_message::{
    BodyPose, FrameOfReference, ModelOrigin, POSE_SCHEMA_VERSION, PoseMessage, TriggerState, ViewPose,
};
pub use rig_messages::{Framing, RigCameraStatus, RigCommand, RigEvent, RigEventKind, RigStatus, WantedPictures};
pub use status::{
    CameraSync, CameraSyncStatus, HeldOutBy, InferStatus, LearnerStatus, OwnNetworkStatus, RefitStatus, Serving,
    SyncHealthStatus,
};
#[cfg(feature = "zenoh")]
pub use zenoh_host_links::{FirstHostLink, Hellos, PeerHostLink, PromiseSink, Promises, ViewSink, Views};
#[cfg(feature = "zenoh")]
pub use zenoh_link::{
    POOL_BYTES, ZenohCommandSink, ZenohCommandSource, ZenohFinderSetSink, ZenohFinderSetSource, ZenohHintSink,
    ZenohHintSource, ZenohLabelSink, ZenohLabelSource, ZenohLink, ZenohMomentSink, ZenohMomentSource, ZenohPoseSink,
    ZenohPoseSource,
};
