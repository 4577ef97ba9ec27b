//! Moments of noise with the structure of real ones.

use std::sync::Arc;

use frame::{CameraId, HostTime, SegmentId, SetIndex, TriggerIndex, monotonic_now_ns};
use subject::{BackgroundId, Region, Sample};
use transport::{Moment, View};

pub const VIEWS: u16 = 4;
pub const PREPROCESSING: u64 = 0;
const PERIOD_NS: i64 = 20_000_000;

/// The instant of this number in a stream of 50 Hz, with arrival now; every picture has its own memory.
pub fn moment(number: u64, size_px: u16) -> Moment {
    let exposure = HostTime::monotonic(number as i64 * PERIOD_NS, 1_000);
    let view = |camera: u16| View {
        camera: CameraId(camera),
        exposure,
        frame_px: (1088, 1920),
        samples: vec![sample(size_px, number * u64::from(VIEWS) + u64::from(camera))],
    };
    Moment {
        set: SetIndex(number),
        trigger: TriggerIndex::Certain(number),
        segment: SegmentId::seam(0),
        exposure,
        arrival_ns: monotonic_now_ns(),
        source: None,
        preprocessing: PREPROCESSING,
        views: (0..VIEWS).map(view).collect(),
        unusable: vec![],
    }
}

/// Noise, with a subject that fills the middle half.
pub fn sample(size_px: u16, seed: u64) -> Sample {
    let side = usize::from(size_px);
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let mut noise = || {
        // Any cheap generator will do: this is a linear congruential one (Knuth, MMIX).
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    let inside = |pixel: usize| (side / 4..3 * side / 4).contains(&(pixel % side));
    Sample {
        size_px,
        rgb: Arc::from((0..3 * side * side).map(|_| noise()).collect::<Vec<_>>()),
        mask: Arc::from((0..side * side).map(|pixel| if inside(pixel) { 255 } else { 0 }).collect::<Vec<_>>()),
        region: Region { centre_px: [640.0, 360.0], side_px: 600.0 },
        background: BackgroundId(0),
    }
}
