//! Cameras that are turned in the middle of a take.

use serde::Deserialize;

use super::VirtualCamera;

/// A permanent turn of a camera on its stand, about the vertical through it.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Turn {
    /// Its number in the rig, from 0.
    pub camera: usize,
    /// From the start of the take, seconds.
    pub at_s: f64,
    /// Angle to its left; negative to its right.
    pub degrees: f32,
}

impl Turn {
    /// The camera of this number at a time, after the turn if it has happened.
    pub(super) fn apply(&self, view: usize, time_s: f64, camera: VirtualCamera) -> VirtualCamera {
        let done = view == self.camera && time_s >= self.at_s;
        if done { camera.turned(self.degrees.to_radians()) } else { camera }
    }
}
