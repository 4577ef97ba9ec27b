//! Moves limbs to other directions.

use std::f32::consts::TAU;

use glam::{Quat, Vec3};
use rand::{Rng, RngExt};

use crate::actor::{BONES, Bone, arc};
use crate::motion::limits::{self, Limit};

use super::swell::Swell;

/// A limb that is moved to another direction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Raise {
    bone: Bone,
    /// Direction of the limb relative to its parent.
    towards: Vec3,
    swell: Swell,
}

impl Raise {
    /// Moves the limb. Rotations are relative to the parents.
    pub(super) fn apply(&self, time_s: f32, locals: &mut [Quat; BONES]) {
        let target = arc(self.bone.limb().map_or(Vec3::Y, |(_, rest)| rest), self.towards);
        let local = &mut locals[self.bone.index()];
        *local = blend(*local, target, self.swell.at(time_s));
    }

    /// Draws a raised limb, or none.
    pub(super) fn sample(bone: Bone, chance: f64, rng: &mut impl Rng) -> Option<Self> {
        rng.random_bool(chance).then(|| Self { bone, towards: allowed_direction(bone, rng), swell: Swell::sample(rng) })
    }
}

/// Draws any direction that the limb can have.
fn allowed_direction(bone: Bone, rng: &mut impl Rng) -> Vec3 {
    let Limit::Cone { around, half_angle_deg } = limits::limit(bone) else { return Vec3::Y };
    let least = half_angle_deg.to_radians().cos();
    let height = rng.random_range(least..1.0);
    let (sine, cosine) = rng.random_range(0.0..TAU).sin_cos();
    let ring = (1.0f32 - height * height).sqrt();
    arc(Vec3::Y, around) * Vec3::new(ring * cosine, height, ring * sine)
}

/// Interpolates between rotations without jumps while `from` moves: neither exceeds half a turn, so that their
/// representatives with w ≥ 0 move continuously and are never opposite.
fn blend(from: Quat, to: Quat, share: f32) -> Quat {
    let upper = |q: Quat| if q.w < 0.0 { -q } else { q };
    (upper(from) * (1.0 - share) + upper(to) * share).normalize()
}
