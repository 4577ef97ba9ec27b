//! Varies motions by seed, since captures do not cover everything that people do.
//!
//! Only the pose is changed, before it is applied to a body, so labels are as exact as for clips.

mod lean;
mod raise;
mod stray;
mod swell;

use std::sync::Arc;

use glam::Quat;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::actor::{Bone, SkeletonPose};

use super::{Motion, footing, limits};

use lean::{Lean, heading};
use raise::Raise;
use stray::Strays;

/// The changes: every joint strays, half of the bodies lean, and limbs are raised.
#[derive(Clone, Debug, PartialEq)]
pub struct Widening {
    /// Swap left and right.
    mirrored: bool,
    /// Factor on the speed.
    speed: f32,
    /// A turn about the vertical, for the whole motion.
    heading_rad: f32,
    /// Start time of the upper body in the second motion, if there is one.
    upper_start_s: f64,
    lean: Option<Lean>,
    raised: Vec<Raise>,
    strays: Strays,
}

impl Widening {
    pub fn sample(seed: u64) -> Self {
        let rng = &mut ChaCha8Rng::seed_from_u64(seed);
        let limbs = [Bone::LeftArm, Bone::RightArm, Bone::LeftUpLeg, Bone::RightUpLeg];
        Self {
            mirrored: rng.random(),
            speed: rng.random_range(0.7..1.3),
            heading_rad: heading(rng),
            upper_start_s: rng.random_range(0.0..60.0),
            lean: rng.random_bool(0.5).then(|| Lean::sample(rng)),
            raised: limbs
                .into_iter()
                .flat_map(|bone| Raise::sample(bone, if bone.is_leg() { 0.2 } else { 0.4 }, rng))
                .collect(),
            strays: Strays::sample(rng),
        }
    }

    fn apply(&self, time_s: f32, captured: &SkeletonPose) -> SkeletonPose {
        let mut pose = *captured;
        if let Some(lean) = &self.lean {
            lean.apply(time_s, &mut pose);
        }
        let mut locals = pose.locals();
        self.raised.iter().for_each(|raise| raise.apply(time_s, &mut locals));
        self.strays.apply(time_s, &mut locals);
        limits::hold(&captured.locals(), &mut locals);
        pose = SkeletonPose::from_locals(&locals, pose.root);
        footing::keep(captured, &mut pose);
        pose.turned(Quat::from_rotation_y(self.heading_rad))
    }
}

/// A changed motion.
#[derive(Clone)]
pub struct Widened {
    motion: Arc<dyn Motion>,
    /// The motion of the upper body, instead of that of `motion`.
    upper: Option<Arc<dyn Motion>>,
    widening: Widening,
}

impl Widened {
    pub fn new(motion: Arc<dyn Motion>, upper: Option<Arc<dyn Motion>>, widening: Widening) -> Self {
        Self { motion, upper, widening }
    }
}

impl Motion for Widened {
    fn duration_s(&self) -> f64 {
        self.motion.duration_s() / f64::from(self.widening.speed)
    }

    fn at(&self, time_s: f64) -> SkeletonPose {
        let own_s = time_s.clamp(0.0, self.duration_s()) * f64::from(self.widening.speed);
        let mut pose = self.motion.at(own_s);
        if let Some(upper) = &self.upper {
            let upper = upper.at(there_and_back(own_s + self.widening.upper_start_s, upper.duration_s()));
            let turn = pose.rotation(Bone::Hips) * upper.rotation(Bone::Hips).inverse();
            for bone in Bone::ALL.into_iter().filter(|bone| *bone != Bone::Hips && !bone.is_leg()) {
                pose.rotations[bone.index()] = (turn * upper.rotation(bone)).normalize();
            }
        }
        if self.widening.mirrored {
            pose = pose.mirrored();
        }
        self.widening.apply(time_s as f32, &pose)
    }
}

/// A time that runs to the end, back to the start and so on, for motions that are played longer than their duration.
pub fn there_and_back(time_s: f64, duration_s: f64) -> f64 {
    if duration_s <= 0.0 {
        return 0.0;
    }
    let phase = time_s.rem_euclid(2.0 * duration_s);
    phase.min(2.0 * duration_s - phase)
}
