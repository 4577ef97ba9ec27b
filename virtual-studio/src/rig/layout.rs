//! Rings of cameras around the stage, drawn by seed.

use std::f32::consts::TAU;

use glam::{Vec2, Vec3};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;

use super::drift::Drift;
use super::{CameraError, CameraRig, Framing, Intrinsics, MAX_VIEWS, Mount, PersonBounds, VirtualCamera};
use crate::seed;

/// A range from the first to the second value, inclusive.
pub type Span = [f32; 2];

/// Cameras around the stage, drawn by seed.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct CameraRing {
    /// From 1 to 16.
    pub views: usize,
    /// Width and height of the pictures.
    pub size_px: [u32; 2],
    pub framing: Framing,
    /// Hand-held instead of on tripods.
    pub hand_held: bool,
    /// Distance from the middle of the stage, as far as the lens can see all of it; metres.
    pub distance_m: Span,
    /// Height above the floor.
    pub height_m: Span,
    /// Roll: the angle between the camera's right and the horizon, to either side.
    pub roll_degrees: Span,
    /// Field of view across the picture's width; enlarged if the framing needs more.
    pub field_of_view_degrees: Span,
    /// OpenCV's k1; k2 is −k1 / 4. Reduced for wide lenses, so that the corners move no further than at 90°.
    pub distortion: Span,
}

impl Default for CameraRing {
    fn default() -> Self {
        Self {
            views: 4,
            size_px: [640, 480],
            framing: Framing::Stage,
            hand_held: false,
            distance_m: [3.0, 5.5],
            height_m: [0.5, 2.4],
            roll_degrees: [0.0, 5.0],
            field_of_view_degrees: [40.0, 75.0],
            distortion: [-0.08, 0.02],
        }
    }
}

impl CameraRing {
    /// The cameras of one take.
    ///
    /// # Errors
    /// There is no view or more than 16, or the values allow no possible camera.
    pub fn build(&self, stage: &PersonBounds, seed: u64) -> Result<CameraRig, CameraError> {
        if !(1..=MAX_VIEWS).contains(&self.views) {
            return Err(CameraError::Views(self.views));
        }
        let first = TAU * seed::stream(seed, "ring").random::<f32>();
        let mount = |view: usize| {
            let mut rng = seed::stream_at(seed, "camera", view as u64);
            let wobble = 0.25 * seed::within(&mut rng, -1.0..=1.0);
            let azimuth = first + TAU * (view as f32 + wobble) / self.views as f32;
            self.mount(stage, azimuth, &mut rng)
                .map_err(|cause| CameraError::Camera { camera: view, cause: Box::new(cause) })
        };
        CameraRig::new((0..self.views).map(mount).collect::<Result<_, _>>()?, stage)
    }

    fn mount(&self, stage: &PersonBounds, azimuth: f32, rng: &mut ChaCha8Rng) -> Result<Mount, CameraError> {
        let draw = |rng: &mut ChaCha8Rng, span: Span| seed::within(rng, span[0]..=span[1]);
        let height = draw(rng, self.height_m);
        let distance = draw(rng, self.distance_m).max(1.15 * stage.radius_m + 0.3);
        let side = if rng.random() { 1.0 } else { -1.0 };
        let roll_rad = side * draw(rng, self.roll_degrees).to_radians();
        let k1 = draw(rng, self.distortion);
        let field = draw(rng, self.field_of_view_degrees).to_radians();

        // The horizontal part of the distance, given the height.
        let out = (distance * distance - (height - stage.centre.y).powi(2)).max(0.25 * distance * distance).sqrt();
        let place = stage.centre.with_y(height) + Vec3::new(azimuth.sin(), 0.0, azimuth.cos()) * out;
        let target = stage.centre + Vec3::from_array(std::array::from_fn(|_| 0.08 * seed::within(rng, -1.0..=1.0)));
        let sway =
            if self.hand_held { Drift::new(rng, Vec3::new(0.4, 0.15, 0.4)) } else { Drift::new(rng, Vec3::ZERO) };

        let size = Vec2::new(self.size_px[0] as f32, self.size_px[1] as f32);
        if self.framing == Framing::Subject {
            let (margin, aim) = (seed::within(rng, 1.05..=1.35), Drift::new(rng, Vec3::splat(0.1)));
            return Ok(Mount::Following { size_px: self.size_px, place, roll_rad, k1, margin, sway, aim });
        }
        // Wide enough for the whole stage.
        let reach = place.distance(stage.centre);
        let needed = (1.05 * stage.radius_m / reach).min(0.98).asin().tan() * 2.0 * size.x / size.min_element();
        let width = needed.max(2.0 * (0.5 * field).tan());
        let centre =
            size * 0.5 + size * 0.02 * Vec2::new(seed::normal(rng), seed::normal(rng)).clamp(-Vec2::ONE, Vec2::ONE);
        let lens = Intrinsics::bent(self.size_px, size.x / width, centre, k1)?;
        if self.hand_held {
            let aim = Drift::new(rng, Vec3::splat(0.12));
            return Ok(Mount::Held { lens, place, target, roll_rad, sway, aim });
        }
        VirtualCamera::looking_at(lens, place, target, roll_rad).map(Mount::Fixed)
    }
}
