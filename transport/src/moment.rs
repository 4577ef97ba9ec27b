//! One instant as the networks see it.

use frame::{CameraId, HostTime, SegmentId, SetIndex, SourcePosition, TriggerIndex};
use subject::Sample;

use crate::UnusableView;

/// One instant as the networks see it: the crops of each view that has any.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    pub set: SetIndex,
    pub trigger: TriggerIndex,
    pub segment: SegmentId,
    /// Start of exposure of the earliest view.
    pub exposure: HostTime,
    /// `CLOCK_MONOTONIC` when the last frame of the set had arrived.
    pub arrival_ns: i64,
    /// Position of the instant in a replayed source; it repeats when the source loops.
    pub source: Option<SourcePosition>,
    /// Hash of the preprocessing that made the samples.
    pub preprocessing: u64,
    /// One for each view present, by ascending camera.
    pub views: Vec<View>,
    /// Views of the set that cannot be used, by ascending camera, if these are so many that fewer than two remain: no
    /// body is known of this instant. Else empty.
    pub unusable: Vec<UnusableView>,
}

/// What one camera contributes to a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    pub camera: CameraId,
    /// Start of exposure.
    pub exposure: HostTime,
    /// Width and height of the camera's frames, in pixels.
    pub frame_px: (u32, u32),
    /// At least one.
    pub samples: Vec<Sample>,
}

#[cfg(test)]
pub(crate) mod tests {
    use subject::{BackgroundId, Region, SceneFault};

    use super::*;

    /// A moment of two views whose pixels depend on `seed`.
    pub(crate) fn moment(seed: u64, size_px: u16) -> Moment {
        let area = usize::from(size_px).pow(2);
        let view = |camera: u16| View {
            camera: CameraId(camera),
            exposure: HostTime::monotonic(1_000 + i64::from(camera), 5),
            frame_px: (640, 480),
            samples: vec![Sample {
                size_px,
                rgb: (0..3 * area).map(|i| (i as u64 * 7 + seed + u64::from(camera)) as u8).collect(),
                mask: (0..area).map(|i| if (i as u64 + seed).is_multiple_of(3) { 255 } else { 0 }).collect(),
                region: Region { centre_px: [10.5, 20.25], side_px: 100.0 },
                background: BackgroundId(seed),
            }],
        };
        Moment {
            set: SetIndex(seed),
            trigger: TriggerIndex::Certain(seed),
            segment: SegmentId::seam(2),
            exposure: HostTime::monotonic(1_000, 5),
            arrival_ns: 2_000,
            source: Some(SourcePosition { index: 4, length: 100 }),
            preprocessing: 99,
            views: vec![view(0), view(3)],
            unusable: vec![UnusableView { camera: CameraId(2), fault: SceneFault::Moved(Some([-12, 10])) }],
        }
    }
}
