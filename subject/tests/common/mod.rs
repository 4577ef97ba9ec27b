//! Synthetic scenes: one camera, raw RGB pictures, painted rectangles.

// Each test binary uses only a part of this.
#![allow(dead_code)]

pub mod room;

use frame::{CameraId, Encoding, FrameInfo, HostTime, Picture, PixelFormat, SegmentId, TriggerIndex};
use subject::{BackgroundConfig, CropOutcome, Preprocessing, Sample, SubjectCropper};

pub const WIDTH: u32 = 320;
pub const HEIGHT: u32 = 240;

#[derive(Clone, Copy)]
pub struct Rect {
    pub left: u32,
    pub top: u32,
    pub width: u32,
    pub height: u32,
    pub value: u8,
}

/// A person-shaped rectangle at `left`.
pub fn person(left: u32) -> Rect {
    Rect { left, top: 80, width: 40, height: 100, value: 220 }
}

/// A textured, slightly noisy room with rectangles in it.
pub fn paint(noise: u64, rects: &[Rect]) -> Vec<u8> {
    let mut state = noise.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut rgb = Vec::with_capacity((WIDTH * HEIGHT * 3) as usize);
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let inside = |r: &&Rect| (r.left..r.left + r.width).contains(&x) && (r.top..r.top + r.height).contains(&y);
            let base = rects.iter().rev().find(inside).map_or((60 + (x / 16 + y / 16) % 2 * 40) as u8, |r| r.value);
            for _ in 0..3 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                rgb.push(base + (state % 4) as u8);
            }
        }
    }
    rgb
}

pub fn info(sequence: u64, time_ms: i64) -> FrameInfo {
    FrameInfo {
        camera: CameraId(2),
        sequence,
        segment: SegmentId::seam(0),
        trigger: TriggerIndex::Unresolved,
        exposure: HostTime::monotonic(time_ms * 1_000_000, 0),
        exposure_duration_ns: 0,
        arrival_ns: 0,
        device: frame::DeviceStamp::default(),
        source: None,
        picture: Picture::packed(PixelFormat::Rgb8, WIDTH, HEIGHT),
    }
}

pub fn jpeg_info(sequence: u64) -> FrameInfo {
    let picture = Picture::Encoded { encoding: Encoding::Mjpeg, width_px: WIDTH, height_px: HEIGHT };
    FrameInfo { picture, ..info(sequence, 0) }
}

/// One camera on simulated time.
pub struct Stage {
    pub cropper: SubjectCropper,
    pub time_ms: i64,
    /// A new number means a seam.
    pub segment: u32,
    sequence: u64,
}

impl Stage {
    /// A camera that has learned its empty room.
    pub fn ready(crop_px: u16) -> Self {
        let mut stage = Self::new(crop_px);
        stage.run(25, 200, &[]);
        assert!(stage.cropper.background_ready());
        stage
    }

    pub fn new(crop_px: u16) -> Self {
        let settings = Preprocessing::with_crop_px(crop_px);
        let cropper = SubjectCropper::new(&settings, BackgroundConfig::default()).unwrap();
        Self { cropper, time_ms: 0, segment: 0, sequence: 0 }
    }

    pub fn see(&mut self, rects: &[Rect]) -> CropOutcome {
        let info = FrameInfo { segment: SegmentId::seam(self.segment), ..info(self.sequence, self.time_ms) };
        let outcome = self.cropper.process(&info, &paint(self.sequence, rects));
        self.sequence += 1;
        outcome.unwrap()
    }

    /// Shows the same scene for a while; returns the last outcome.
    pub fn run(&mut self, frames: u32, every_ms: i64, rects: &[Rect]) -> CropOutcome {
        let mut last = CropOutcome::NoBackground;
        for _ in 0..frames {
            last = self.see(rects);
            self.time_ms += every_ms;
        }
        last
    }
}

pub fn sample(outcome: CropOutcome) -> Sample {
    match outcome {
        CropOutcome::Sample(sample) => sample,
        other => panic!("expected a sample, got {other:?}"),
    }
}

/// Intersection over union of a sample's mask with a rectangle of the full frame.
pub fn mask_iou(sample: &Sample, truth: Rect) -> f64 {
    let size = u32::from(sample.size_px);
    let step = sample.region.side_px / size as f32;
    let corner = sample.region.centre_px.map(|c| c - sample.region.side_px / 2.0);
    let (mut both, mut either) = (0u32, 0u32);
    for (i, &mask) in (0..).zip(sample.mask.iter()) {
        let x = corner[0] + ((i % size) as f32 + 0.5) * step;
        let y = corner[1] + ((i / size) as f32 + 0.5) * step;
        let inside = x >= truth.left as f32
            && x < (truth.left + truth.width) as f32
            && y >= truth.top as f32
            && y < (truth.top + truth.height) as f32;
        both += u32::from(inside && mask != 0);
        either += u32::from(inside || mask != 0);
    }
    f64::from(both) / f64::from(either)
}
