//! Makes joints stray from their captured angles.

use std::f32::consts::TAU;

use glam::{Quat, Vec3};
use rand::{Rng, RngExt};

use crate::actor::{BONES, Bone, arc};

/// How the angles of all bones stray, each slowly and within bounds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Strays(Box<[Stray; BONES]>);

impl Strays {
    pub(super) fn sample(rng: &mut impl Rng) -> Self {
        Self(Box::new(std::array::from_fn(|_| Stray::sample(rng))))
    }

    /// Rotates bones further. Rotations are relative to the parents.
    pub(super) fn apply(&self, time_s: f32, locals: &mut [Quat; BONES]) {
        for (bone, (local, stray)) in Bone::ALL.into_iter().zip(locals.iter_mut().zip(self.0.iter())) {
            *local *= Quat::from_scaled_axis(stray.at(time_s) * stray_deg(bone).to_radians());
        }
    }
}

/// Two slow sines about each axis.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stray {
    axes: [Vec3; 2],
    rates_hz: [f32; 2],
    phases: [f32; 2],
}

impl Stray {
    pub(super) fn sample(rng: &mut impl Rng) -> Self {
        let mut axis =
            || arc(Vec3::X, Vec3::from_array(std::array::from_fn(|_| rng.random_range(-1.0..1.0)))) * Vec3::X;
        let axes = [axis(), axis()];
        Self {
            axes,
            rates_hz: [rng.random_range(0.08..0.25), rng.random_range(0.25..0.5)],
            phases: [rng.random_range(0.0..1.0), rng.random_range(0.0..1.0)],
        }
    }

    /// A vector of at most length 1.
    pub(super) fn at(&self, time_s: f32) -> Vec3 {
        let wave = |i: usize| self.axes[i] * (TAU * (self.rates_hz[i] * time_s + self.phases[i])).sin();
        0.65 * wave(0) + 0.35 * wave(1)
    }
}

/// How far bones stray at most, in degrees.
fn stray_deg(bone: Bone) -> f32 {
    match bone {
        Bone::Hips => 8.0,
        Bone::Spine | Bone::Chest | Bone::UpperChest => 7.0,
        Bone::Neck | Bone::Head => 14.0,
        Bone::LeftShoulder | Bone::RightShoulder => 5.0,
        Bone::LeftArm | Bone::RightArm => 30.0,
        Bone::LeftForeArm | Bone::RightForeArm => 25.0,
        Bone::LeftHand | Bone::RightHand => 20.0,
        Bone::LeftUpLeg | Bone::RightUpLeg => 16.0,
        Bone::LeftLeg | Bone::RightLeg => 12.0,
        Bone::LeftFoot | Bone::RightFoot => 8.0,
        Bone::LeftToe | Bone::RightToe => 0.0,
    }
}
