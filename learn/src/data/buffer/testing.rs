//! Moments for tests.

use frame::{CameraId, HostTime, SegmentId, SetIndex, SourcePosition, TriggerIndex};
use subject::{BackgroundId, Region, Sample};
use transport::{Moment, View};

/// 256 bytes a view; 50 instants a second.
pub(crate) fn moment(index: u32, segment: u32, views: u16) -> Moment {
    let exposure = HostTime::monotonic(i64::from(index) * 20_000_000, 0);
    let sample = Sample {
        size_px: 8,
        rgb: vec![0; 192].into(),
        mask: vec![0; 64].into(),
        region: Region { centre_px: [0.0, 0.0], side_px: 8.0 },
        background: BackgroundId(0),
    };
    let view = |camera| {
        let (camera, samples) = (CameraId(camera), vec![sample.clone()]);
        View { camera, exposure, frame_px: (640, 480), samples }
    };
    Moment {
        set: SetIndex(index.into()),
        trigger: TriggerIndex::Unresolved,
        segment: SegmentId::seam(segment),
        exposure,
        arrival_ns: 0,
        source: Some(SourcePosition { index: index % 3, length: 3 }),
        preprocessing: 0,
        views: (0..views).map(view).collect(),
        unusable: vec![],
    }
}
