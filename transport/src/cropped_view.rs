//! A frame that has been cropped.

use frame::{CameraId, HostTime, SegmentId, SourcePosition, TriggerIndex};
use subject::{Sample, SceneFault};

use crate::Asked;

/// A view that cannot be used, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnusableView {
    pub camera: CameraId,
    pub fault: SceneFault,
}

/// A frame reduced to the crop of its subject, on this host or on the peer host of its camera.
#[derive(Clone, Debug, PartialEq)]
pub struct CroppedView {
    pub camera: CameraId,
    /// Sequence number of the frame within its camera.
    pub sequence: u64,
    pub segment: SegmentId,
    pub trigger: TriggerIndex,
    /// Start of exposure, on the clock of the host that holds this.
    pub exposure: HostTime,
    /// When this host received it, `CLOCK_MONOTONIC`.
    pub arrival_ns: i64,
    pub source: Option<SourcePosition>,
    /// Width and height of the whole frame, in pixels.
    pub frame_px: (u32, u32),
    /// The crop; `None` where the frame shows no subject, or what it shows cannot be used.
    pub crop: Option<Sample>,
    /// The picture for the finder of joints, if it asked for this instant.
    pub picture: Asked,
    /// Why what the frame shows cannot be used; it then has neither crop nor picture.
    pub unusable: Option<SceneFault>,
}
