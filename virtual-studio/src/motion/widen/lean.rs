//! Tilts bodies.

use std::f32::consts::PI;

use glam::{Quat, Vec3};
use rand::{Rng, RngExt};

use crate::actor::{Bone, SkeletonPose};

use super::swell::Swell;

/// A body that tilts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Lean {
    /// A level axis.
    axis: Vec3,
    angle_rad: f32,
    /// What does not tilt.
    stands_on: Stand,
    swell: Swell,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stand {
    /// Nothing: the whole body tilts.
    Ground,
    /// Both legs: the body bows.
    BothLegs,
    /// One leg, which begins with this bone; the other one tilts with the trunk, as in a balance.
    Leg(Bone),
}

impl Lean {
    pub(super) fn sample(rng: &mut impl Rng) -> Self {
        let stands_on = match rng.random_range(0..4) {
            0 => Stand::Ground,
            1 => Stand::BothLegs,
            2 => Stand::Leg(Bone::LeftUpLeg),
            _ => Stand::Leg(Bone::RightUpLeg),
        };
        let most_deg = if stands_on == Stand::Ground { 50.0 } else { 85.0 };
        Self {
            axis: Quat::from_rotation_y(heading(rng)) * Vec3::X,
            angle_rad: rng.random_range(15.0..most_deg as f32).to_radians(),
            stands_on,
            swell: Swell::sample(rng),
        }
    }

    pub(super) fn apply(&self, time_s: f32, pose: &mut SkeletonPose) {
        let tilt = Quat::from_axis_angle(self.axis, self.angle_rad * self.swell.at(time_s));
        for bone in Bone::ALL {
            let stays = match self.stands_on {
                Stand::Ground => false,
                Stand::BothLegs => bone.is_leg(),
                Stand::Leg(leg) => bone.is_leg() && (bone == leg || is_below(bone, leg)),
            };
            if !stays {
                pose.rotations[bone.index()] = (tilt * pose.rotations[bone.index()]).normalize();
            }
        }
    }
}

/// Whether a bone descends from another.
fn is_below(bone: Bone, other: Bone) -> bool {
    std::iter::successors(bone.parent(), |bone| bone.parent()).any(|ancestor| ancestor == other)
}

/// A direction on the floor, as a turn about the vertical.
pub(super) fn heading(rng: &mut impl Rng) -> f32 {
    rng.random_range(-PI..PI)
}
