//! Rotations as BVH's three angles.

use nalgebra::{Quaternion, Unit};

use crate::Turn;

/// Nearer than this to a right angle about x, in its cosine, the turns about z and y are about one axis.
const LOCKED: f64 = 1e-6;

/// A rotation of the world in BVH's axes: (x, y, z) there are the world's (y, z, x).
pub(super) fn to_bvh(turn: &Turn) -> Turn {
    Unit::new_unchecked(Quaternion::new(turn.w, turn.j, turn.k, turn.i))
}

/// The angles about z, x and y, in degrees, whose product in this order is the rotation, and of all such triples the
/// one that is nearest to `before`.
pub(super) fn zxy_degrees(turn: &Turn, before: [f64; 3]) -> [f64; 3] {
    let m = turn.to_rotation_matrix();
    let sin_x = m[(2, 1)].clamp(-1.0, 1.0);
    let cos_x = m[(0, 1)].hypot(m[(1, 1)]);
    let about_x = sin_x.atan2(cos_x).to_degrees();
    if cos_x < LOCKED {
        // Only the sum or the difference of the other two is defined: leave y as it is.
        let both = m[(1, 0)].atan2(m[(0, 0)]).to_degrees();
        return nearest([both - sin_x.signum() * before[2], about_x, before[2]], before);
    }
    let about_z = (-m[(0, 1)]).atan2(m[(1, 1)]).to_degrees();
    let about_y = (-m[(2, 0)]).atan2(m[(2, 2)]).to_degrees();
    let one = nearest([about_z, about_x, about_y], before);
    let other = nearest([about_z + 180.0, 180.0 - about_x, about_y + 180.0], before);
    let far = |angles: &[f64; 3]| -> f64 {
        angles.iter().zip(before).map(|(angle, before)| (angle - before) * (angle - before)).sum()
    };
    if far(&other) < far(&one) { other } else { one }
}

/// The same angles, each by whole turns as near as possible to `before`.
fn nearest(angles: [f64; 3], before: [f64; 3]) -> [f64; 3] {
    std::array::from_fn(|axis| angles[axis] - 360.0 * ((angles[axis] - before[axis]) / 360.0).round())
}

#[cfg(test)]
mod tests {
    use nalgebra::Vector3;
    use proptest::prelude::*;

    use super::*;

    fn from_angles([z, x, y]: [f64; 3]) -> Turn {
        let about = |axis, degrees: f64| Turn::from_axis_angle(&axis, degrees.to_radians());
        about(Vector3::z_axis(), z) * about(Vector3::x_axis(), x) * about(Vector3::y_axis(), y)
    }

    proptest! {
        #[test]
        fn angles_give_the_rotation_back(
            angles in proptest::array::uniform3(-180.0..180.0f64),
            before in proptest::array::uniform3(-400.0..400.0f64),
            lock in proptest::option::of(prop_oneof![Just(90.0), Just(-90.0), Just(90.0 - 1e-6)]),
        ) {
            let turn = from_angles([angles[0], lock.unwrap_or(angles[1]), angles[2]]);
            let found = zxy_degrees(&turn, before);
            prop_assert!(from_angles(found).angle_to(&turn) < 1e-5, "{found:?}");
            let near = found.iter().zip(before).all(|(angle, before)| (angle - before).abs() < 180.001);
            prop_assert!(near, "{found:?}");
        }
    }

    #[test]
    fn angles_go_on_where_they_were() {
        let mut before = [0.0; 3];
        for step in 0..100 {
            let turn = from_angles([5.0 * f64::from(step), 60.0, -4.0 * f64::from(step)]);
            before = zxy_degrees(&turn, before);
        }
        assert!((before[0] - 495.0).abs() < 1e-6 && (before[2] + 396.0).abs() < 1e-6, "{before:?}");
        // Through the right angle about x and on.
        before = [10.0, 80.0, 20.0];
        for x in [85.0, 90.0, 95.0, 100.0] {
            before = zxy_degrees(&from_angles([10.0, x, 20.0]), before);
            assert!((before[0] - 10.0).abs() < 1e-6 && (before[1] - x).abs() < 1e-6, "{before:?}");
        }
    }

    #[test]
    fn the_worlds_left_is_x_and_forward_z() {
        let turn = Turn::from_axis_angle(&Vector3::y_axis(), 0.7);
        assert!(to_bvh(&turn).angle_to(&Turn::from_axis_angle(&Vector3::x_axis(), 0.7)) < 1e-9);
        let turn = Turn::from_axis_angle(&Vector3::x_axis(), 0.7);
        assert!(to_bvh(&turn).angle_to(&Turn::from_axis_angle(&Vector3::z_axis(), 0.7)) < 1e-9);
    }
}
