//! Live bodies to programs outside: each receiver has a queue and a thread of its own, so that a slow, dead or absent one
//! costs only itself, and is told.
//!
//! A format is a [`transport::PoseSink`]. It may wait for its receiver, and says what became of a body by its answer:
//! `Ok`, [`Absent`](transport::TransportError::Absent), or another error. [`PoseOutputs`] has the queues, counts what
//! is lost, and tells it once. `conformance` is the suite that every sink must pass.

#![warn(missing_docs)]

mod body_places;
#[cfg(feature = "conformance")]
pub mod conformance;
mod counts;
#[cfg(feature = "lsl")]
mod lsl;
mod output;
mod pose_outputs;
#[cfg(feature = "rerun")]
mod rerun;
mod rest_pose;
mod vmc;

pub use body_places::body_places;
pub use counts::Counts;
#[cfg(feature = "lsl")]
pub use lsl::{LslError, LslSink};
pub use output::Told;
pub use pose_outputs::{OutputError, OutputReport, PoseOutputs, Report, SharedCounts};
#[cfg(feature = "rerun")]
pub use rerun::{GeometrySource, RerunError, RerunPicture, RerunPictures, RerunRecording, RerunSink};
pub use rest_pose::{RestPose, RestPoseRefused};
pub use vmc::VmcSink;
