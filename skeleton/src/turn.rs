//! Rotations from directions.

use std::f64::consts::PI;

use nalgebra::{Matrix3, Quaternion, Rotation3, Unit, UnitQuaternion, Vector3};

/// A rotation.
pub type Turn = UnitQuaternion<f64>;

pub(crate) type Direction = Unit<Vector3<f64>>;

/// Points that are closer than this, in millimetres, have no direction from one to the other.
const COINCIDE_MM: f64 = 1.0;

/// Directions whose angle has a smaller sine than this span no plane.
const PARALLEL: f64 = 0.05;

/// The direction from one point to another; `None` where they coincide or are no numbers.
pub(crate) fn direction(from: &Vector3<f64>, to: &Vector3<f64>) -> Option<Direction> {
    let way = to - from;
    let length = way.norm();
    (length.is_finite() && length > COINCIDE_MM).then(|| Unit::new_unchecked(way / length))
}

/// The direction of a vector's part across another; `None` where that is short.
pub(crate) fn across(vector: &Vector3<f64>, along: &Direction) -> Option<Direction> {
    Unit::try_new(vector - along.as_ref() * along.dot(vector), PARALLEL)
}

/// The rotation that carries the first direction of `rest` to the first of `now`, and the second as near to the second
/// as it gets; `None` where the two directions of now are parallel.
pub(crate) fn frame(rest: (Direction, Direction), now: (Direction, Direction)) -> Option<Turn> {
    let turn = axes(now)? * axes(rest)?.transpose();
    Some(Turn::from_rotation_matrix(&Rotation3::from_matrix_unchecked(turn)))
}

fn axes((first, second): (Direction, Direction)) -> Option<Matrix3<f64>> {
    let third = Unit::try_new(first.cross(&second), PARALLEL)?;
    Some(Matrix3::from_columns(&[*first, third.cross(&first), *third]))
}

/// The parent's rotation, turned on by the shortest way that brings a direction of the rest pose to where it points
/// now. So the bone has the parent's twist.
pub(crate) fn carry(parent: &Turn, rest: Direction, now: Direction) -> Turn {
    let from = parent * rest;
    shortest(&from, &now) * parent
}

fn shortest(from: &Direction, to: &Direction) -> Turn {
    const OPPOSITE: f64 = 1e-9;
    let cos = from.dot(to);
    if 1.0 + cos > OPPOSITE {
        return Turn::from_quaternion(Quaternion::from_parts(1.0 + cos, from.cross(to)));
    }
    // All ways are equally short: half a turn about any axis across.
    let other = if from.x.abs() < 0.8 { Vector3::x() } else { Vector3::y() };
    Turn::from_axis_angle(&Unit::new_normalize(from.cross(&other)), PI)
}

/// The angle by which a rotation has to be turned about a direction to become another that has the same direction
/// there, in radians from -π to π.
pub(crate) fn twist(from: &Turn, to: &Turn, about: &Direction) -> f64 {
    let turn = to * from.inverse();
    let angle = 2.0 * turn.imag().dot(about).atan2(turn.w);
    if angle > PI {
        angle - 2.0 * PI
    } else if angle < -PI {
        angle + 2.0 * PI
    } else {
        angle
    }
}

/// The rotation, turned on about a direction by an angle in radians.
pub(crate) fn twisted(turn: &Turn, about: &Direction, angle: f64) -> Turn {
    Turn::from_axis_angle(about, angle) * turn
}

/// 0 up to `low`, 1 from `high`, and smooth between.
pub(crate) fn smooth_step(low: f64, high: f64, value: f64) -> f64 {
    let part = ((value - low) / (high - low)).clamp(0.0, 1.0);
    part * part * (3.0 - 2.0 * part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_keeps_its_first_direction_exactly() {
        let now = (Unit::new_normalize(Vector3::new(1.0, 2.0, -0.5)), Unit::new_normalize(Vector3::new(0.3, 1.0, 2.0)));
        let turn = frame((Vector3::x_axis(), Vector3::z_axis()), now).unwrap();
        assert!(((turn * Vector3::x()) - *now.0).norm() < 1e-12);
        assert!((turn * Vector3::z()).dot(&now.1) > 0.5 && (turn * Vector3::y()).dot(&now.1).abs() < 1e-12);
        assert_eq!(frame((Vector3::x_axis(), Vector3::z_axis()), (now.0, -now.0)), None);
    }

    #[test]
    fn carrying_adds_no_twist() {
        let parent = Turn::from_euler_angles(0.3, -0.4, 1.0);
        let rest = Vector3::y_axis();
        assert!(carry(&parent, rest, parent * rest).angle_to(&parent) < 1e-9);
        let now = Unit::new_normalize(Vector3::new(0.2, -1.0, 0.4));
        let turn = carry(&parent, rest, now);
        assert!((turn * *rest - *now).norm() < 1e-12);
        let axis = (turn * parent.inverse()).axis().unwrap();
        assert!(axis.dot(&now).abs() < 1e-9);
        let back = carry(&parent, rest, -(parent * rest));
        assert!((back * *rest + parent * *rest).norm() < 1e-9);
    }

    #[test]
    fn a_twist_is_found_with_its_sign() {
        let turn = Turn::from_euler_angles(0.3, -0.4, 1.0);
        let about = turn * Vector3::y_axis();
        for angle in [-3.1, -1.0, 0.0, 0.5, 3.1] {
            assert!((twist(&turn, &twisted(&turn, &about, angle), &about) - angle).abs() < 1e-9, "{angle}");
        }
    }
}
