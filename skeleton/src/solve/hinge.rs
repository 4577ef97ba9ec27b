//! How far the plane of a bent elbow or knee is to be believed.

use std::f64::consts::PI;

use crate::turn::smooth_step;

/// Up to here a limb is straight, in degrees: its plane is noise.
const STRAIGHT_DEGREES: f64 = 8.0;

/// From here on the plane alone counts.
const BENT_DEGREES: f64 = 28.0;

/// A plane that twists the bone by more than this seldom is one: the joint bends the wrong way, by the finder's error.
const UNLIKELY_TWIST_DEGREES: f64 = 135.0;

/// From here on the plane counts even if it twists the bone by half a turn.
const SURELY_BENT_DEGREES: f64 = 40.0;

/// The weight of the plane, from 0 to 1, by how far the limb is bent and by how much the plane twists the bone away
/// from its parent's twist. Both angles are in radians.
///
/// With half a turn, left and right turn are one, so something must jump there when a limb is being bent. It does so at
/// one bend alone, which is larger than what errors of a straight limb make of it.
pub(super) fn weight(bend: f64, twist: f64) -> f64 {
    let unlikely = smooth_step(UNLIKELY_TWIST_DEGREES.to_radians(), PI, twist.abs());
    let between = |from: f64| from + (SURELY_BENT_DEGREES - from) * unlikely;
    let (low, high) = (between(STRAIGHT_DEGREES), between(BENT_DEGREES));
    smooth_step(low, high.max(low + 1e-6), bend.to_degrees())
}
