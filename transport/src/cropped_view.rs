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

/// Where some views of an instant cannot be used, this many must remain for a body: one alone is confirmed by none.
const ENOUGH_VIEWS: usize = 2;

/// Whether no body is known of an instant, since too few of the views that its set has can be used.
pub fn too_few_usable(present: usize, unusable: usize) -> bool {
    unusable > 0 && present < unusable + ENOUGH_VIEWS
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

#[cfg(test)]
mod tests {
    use super::too_few_usable;

    #[test]
    fn two_of_those_that_are_there_are_enough() {
        // Four cameras, of which some deliver nothing; and a rig of one.
        for (present, unusable, too_few) in [
            (4, 0, false),
            (4, 2, false),
            (4, 3, true),
            (3, 1, false),
            (2, 1, true),
            (2, 2, true),
            (1, 0, false),
            (1, 1, true),
        ] {
            assert_eq!(too_few_usable(present, unusable), too_few, "{present} {unusable}");
        }
    }
}
