use frame::{CameraId, HostTime, SegmentId, SetIndex, SourcePosition, TriggerIndex};
use subject::Sample;

/// One instant as the networks see it: for each view that has it, its crops.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    pub set: SetIndex,
    pub trigger: TriggerIndex,
    pub segment: SegmentId,
    /// Start of exposure of the earliest view.
    pub exposure: HostTime,
    /// `CLOCK_MONOTONIC` when the last frame of the set had arrived.
    pub arrival_ns: i64,
    /// Where the instant stands in a replayed source; the same pictures come back when it loops.
    pub source: Option<SourcePosition>,
    /// Hash of the preprocessing that made the samples.
    pub preprocessing: u64,
    /// One for each view present, by ascending camera.
    pub views: Vec<View>,
}

/// What one camera contributes to a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    pub camera: CameraId,
    /// Start of exposure.
    pub exposure: HostTime,
    /// At least one.
    pub samples: Vec<Sample>,
}
