//! The mount of a camera, and its position at a time.

use glam::{Vec2, Vec3};

use super::drift::Drift;
use super::{CameraError, Intrinsics, PersonBounds, VirtualCamera};

/// What fills a camera's picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Framing {
    /// The whole stage, with a fixed or hand-held camera.
    Stage,
    /// The person, whom the camera follows by turning and zooming, so that pictures are like crops.
    Subject,
}

/// The mount of a camera.
#[derive(Clone, Debug)]
pub enum Mount {
    Fixed(VirtualCamera),
    /// Hand-held around its position, with the middle of the stage in view.
    Held {
        lens: Intrinsics,
        place: Vec3,
        target: Vec3,
        roll_rad: f32,
        sway: Drift,
        aim: Drift,
    },
    /// Follows the person by turning and zooming, slightly off centre.
    Following {
        size_px: [u32; 2],
        place: Vec3,
        roll_rad: f32,
        k1: f32,
        margin: f32,
        sway: Drift,
        aim: Drift,
    },
}

impl Mount {
    pub(super) fn at(&self, time_s: f64, person: &PersonBounds) -> Result<VirtualCamera, CameraError> {
        match self {
            Self::Fixed(camera) => Ok(*camera),
            Self::Held { lens, place, target, roll_rad, sway, aim } => {
                let roll = roll_rad + 0.3 * aim.at(time_s + 100.0).x;
                VirtualCamera::looking_at(*lens, raised(*place + sway.at(time_s)), *target + aim.at(time_s), roll)
            }
            Self::Following { size_px, place, roll_rad, k1, margin, sway, aim } => {
                let place = raised(*place + sway.at(time_s));
                let target = person.centre + aim.at(time_s) * person.radius_m;
                let distance = place.distance(person.centre).max(1.2 * person.radius_m);
                let half = 0.5 * size_px[0].min(size_px[1]) as f32;
                let focal = half * distance / (margin * person.radius_m);
                let centre = Vec2::new(size_px[0] as f32, size_px[1] as f32) * 0.5;
                let lens = Intrinsics::bent(*size_px, focal, centre, *k1)?;
                VirtualCamera::looking_at(lens, place, target, *roll_rad)
            }
        }
    }
}

/// Keeps a hand-held camera above the floor.
fn raised(place: Vec3) -> Vec3 {
    place.with_y(place.y.max(0.1))
}
