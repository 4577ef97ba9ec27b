//! The landmarks that show how the head is turned.

use nalgebra::Vector3;
use pose::Landmarks;

pub(crate) const NOSE: usize = 0;
pub(crate) const LEFT_EAR: usize = 1;
pub(crate) const RIGHT_EAR: usize = 2;

/// The middle of the ears.
pub(crate) fn middle_of_ears(landmarks: &Landmarks) -> Vector3<f64> {
    (landmarks[LEFT_EAR] + landmarks[RIGHT_EAR]) / 2.0
}
