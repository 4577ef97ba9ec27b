//! From the world's axes to Unity's.

use nalgebra::Vector3;
use skeleton::Turn;

/// A place or offset of the world in millimetres, in Unity's axes and metres.
pub fn position(world_mm: &Vector3<f64>) -> [f32; 3] {
    [-world_mm.y, world_mm.z, world_mm.x].map(|mm| (mm / 1000.0) as f32)
}

/// A rotation of the world as Unity's quaternion `[x, y, z, w]`. A mirror lies between the two, so axes are mapped and
/// angles turn the other way.
pub fn rotation(world: &Turn) -> [f32; 4] {
    [world.j, -world.k, -world.i, world.w].map(|value| value as f32)
}

#[cfg(test)]
mod tests {
    use nalgebra::{Quaternion, UnitQuaternion};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn right_is_x_up_is_y_and_forward_is_z() {
        assert_eq!(position(&Vector3::new(1000.0, 0.0, 0.0)), [-0.0, 0.0, 1.0]);
        assert_eq!(position(&Vector3::new(0.0, -1000.0, 0.0)), [1.0, 0.0, 0.0]);
        assert_eq!(position(&Vector3::new(0.0, 0.0, 1000.0)), [-0.0, 1.0, 0.0]);
    }

    proptest! {
        /// To turn and then map is to map and then turn.
        #[test]
        fn rotations_turn_mapped_points_as_the_worlds_do(
            angles in proptest::array::uniform3(-3.0..3.0f64),
            point in proptest::array::uniform3(-2000.0..2000.0f64),
        ) {
            let turn = Turn::from_euler_angles(angles[0], angles[1], angles[2]);
            let point = Vector3::from(point);
            let [x, y, z, w] = rotation(&turn).map(f64::from);
            // Unity's formula for turning a vector by a quaternion is the common one; only its axes are left-handed.
            let unity = UnitQuaternion::from_quaternion(Quaternion::new(w, x, y, z));
            let mapped = unity * Vector3::from(position(&point).map(f64::from));
            let expected = Vector3::from(position(&(turn * point)).map(f64::from));
            prop_assert!((mapped - expected).norm() < 1e-5, "{mapped} and {expected}");
        }
    }
}
