//! The points beside the joints that show how head and feet are turned.

use nalgebra::Vector3;

/// How many landmarks a body has.
pub const LANDMARKS: usize = 7;

/// The landmarks of a body in the world, in millimetres, in the order of [`LANDMARK_NAMES`].
pub type Landmarks = [Vector3<f64>; LANDMARKS];

/// Their names. Left and right are the person's.
pub const LANDMARK_NAMES: [&str; LANDMARKS] =
    ["nose", "left ear", "right ear", "left heel", "right heel", "left toe", "right toe"];

pub(crate) const NOSE: usize = 0;
pub(crate) const LEFT_EAR: usize = 1;
pub(crate) const RIGHT_EAR: usize = 2;

/// The middle of the ears.
pub(crate) fn middle_of_ears(landmarks: &Landmarks) -> Vector3<f64> {
    (landmarks[LEFT_EAR] + landmarks[RIGHT_EAR]) / 2.0
}
