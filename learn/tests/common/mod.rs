//! A scene of a few rotating shapes in four views, which a network can learn in seconds.
#![allow(dead_code)]

use frame::{CameraId, HostTime, SegmentId, SetIndex, SourcePosition, TriggerIndex};
use recipe::{BatchForm, PrecisionChoice, PretrainRecipe};
use subject::{BackgroundId, Region, Sample};
use transport::{Moment, View};

pub const SIZE: u16 = 32;
pub const LENGTH: u32 = 100;
const PREPROCESSING: u64 = 7;

/// 25 instants per second; a loop of the source is a segment.
pub fn moment(index: u32, segment: u32) -> Moment {
    let ns = i64::from(index) * 40_000_000;
    let exposure = HostTime::monotonic(ns + i64::from(segment) * 10_000_000_000, 0);
    let view = |camera: u16| {
        let samples = vec![sample(index, camera)];
        View { camera: CameraId(camera), exposure, frame_px: (640, 480), samples }
    };
    Moment {
        set: SetIndex(u64::from(segment * LENGTH + index)),
        trigger: TriggerIndex::Certain(u64::from(index)),
        segment: SegmentId::seam(segment),
        exposure,
        arrival_ns: exposure.ns,
        source: Some(SourcePosition { index, length: LENGTH }),
        preprocessing: PREPROCESSING,
        views: (0..4).map(view).collect(),
        unusable: vec![],
    }
}

pub fn take(segment: u32) -> impl Iterator<Item = Moment> {
    (0..LENGTH).map(move |index| moment(index, segment))
}

/// A disc on a circle: its place says the time, and which way it is dyed says left from right.
fn sample(index: u32, camera: u16) -> Sample {
    let size = usize::from(SIZE);
    let angle = std::f32::consts::TAU * index as f32 / 50.0;
    let middle = size as f32 / 2.0;
    let (x, y) = (middle + 9.0 * angle.cos(), middle + 9.0 * angle.sin());
    let mut rgb = vec![0; 3 * size * size];
    let mut mask = vec![0; size * size];
    for (at, pixel) in rgb.chunks_exact_mut(3).enumerate() {
        let (dx, dy) = ((at % size) as f32 + 0.5 - x, (at / size) as f32 + 0.5 - y);
        if dx * dx + dy * dy < 20.0 {
            let shade = 120 + 30 * camera as u8;
            pixel.copy_from_slice(&if dx < 0.0 { [shade, 0, 40] } else { [0, shade, 40] });
            mask[at] = 255;
        }
    }
    Sample {
        size_px: SIZE,
        rgb: rgb.into(),
        mask: mask.into(),
        region: Region { centre_px: [0.0, 0.0], side_px: f32::from(SIZE) },
        background: BackgroundId(0),
    }
}

/// A small network that learns the scene quickly.
pub fn recipe() -> PretrainRecipe {
    let mut recipe = PretrainRecipe {
        seed: 3,
        crop_px: SIZE,
        width: 8,
        batch: BatchForm::AllPairs { times: 8 },
        precision: PrecisionChoice::F32,
        ..PretrainRecipe::default()
    };
    recipe.optimiser.learning_rate = 2e-3;
    recipe.optimiser.warm_up_steps = 5;
    recipe.optimiser.total_steps = 400;
    recipe.buffer.minimum_moments = 8;
    recipe.evaluation.pairs = 400;
    recipe.evaluation.recalibration_batches = 6;
    recipe
}
