//! Where bones point in the rest pose.

use nalgebra::{Unit, Vector3};

/// By how much the line from the base of the neck to the middle of the ears leans forward from the chest's line in a
/// person who looks straight ahead. BlazePose's ears do so on the example session, where it varies by 5° either way;
/// another person and another finder differ.
pub const NECK_LEANS_DEGREES: f64 = 40.0;

/// By how much the line from the middle of the ears to the nose points down in a person who looks straight ahead. From
/// the same session.
pub const NOSE_BELOW_EARS_DEGREES: f64 = 20.0;

pub(crate) fn forward() -> Unit<Vector3<f64>> {
    Vector3::x_axis()
}

pub(crate) fn left() -> Unit<Vector3<f64>> {
    Vector3::y_axis()
}

pub(crate) fn up() -> Unit<Vector3<f64>> {
    Vector3::z_axis()
}

pub(crate) fn down() -> Unit<Vector3<f64>> {
    -Vector3::z_axis()
}

/// From the base of the neck to the middle of the ears.
pub(crate) fn neck() -> Unit<Vector3<f64>> {
    let (sin, cos) = NECK_LEANS_DEGREES.to_radians().sin_cos();
    Unit::new_normalize(Vector3::new(sin, 0.0, cos))
}

/// From the middle of the ears to the nose.
pub(crate) fn nose() -> Unit<Vector3<f64>> {
    let (sin, cos) = NOSE_BELOW_EARS_DEGREES.to_radians().sin_cos();
    Unit::new_normalize(Vector3::new(cos, 0.0, -sin))
}
