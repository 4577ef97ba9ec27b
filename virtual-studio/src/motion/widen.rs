//! Motions made into others, by seed: nobody has captured everything that people do.
//!
//! Only the pose is changed, before any body takes it, so labels stay as exact as they are for clips.

use std::f32::consts::{PI, TAU};
use std::sync::Arc;

use glam::{Quat, Vec3};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::actor::{BONES, BodyPose, Bone, arc};

use super::limits::{self, Limit};
use super::{Motion, contact};

/// What is changed. [`Self::NONE`] changes nothing; [`Self::sample`] draws.
#[derive(Clone, Debug, PartialEq)]
pub struct Widening {
    /// Left and right change places.
    pub mirrored: bool,
    /// Times as fast.
    pub speed: f32,
    /// A turn about the vertical, for the whole motion.
    pub heading_rad: f32,
    /// Where in the second motion, if there is one, the upper body starts.
    pub upper_start_s: f64,
    pub lean: Option<Lean>,
    pub raised: Vec<Raise>,
    /// By bone: how much and how its angle strays.
    strays: Option<Box<[Stray; BONES]>>,
}

/// A body that tilts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lean {
    /// A level axis.
    pub axis: Vec3,
    pub angle_rad: f32,
    /// What stays behind.
    pub stands_on: Stand,
    pub swell: Swell,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// Nothing: the whole body tilts.
    Ground,
    /// Both legs: it bows.
    BothLegs,
    /// One leg, which this begins; the other goes with the trunk, as in a balance.
    Leg(Bone),
}

/// A limb led to another direction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Raise {
    pub bone: Bone,
    /// Of the limb, as its parent sees it.
    pub towards: Vec3,
    pub swell: Swell,
}

/// A share that rises and falls, from `least` to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Swell {
    pub least: f32,
    pub period_s: f32,
    /// Of the period.
    pub phase: f32,
}

/// Two slow sines about each axis.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Stray {
    axes: [Vec3; 2],
    rates_hz: [f32; 2],
    phases: [f32; 2],
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

impl Widening {
    pub const NONE: Self = Self {
        mirrored: false,
        speed: 1.0,
        heading_rad: 0.0,
        upper_start_s: 0.0,
        lean: None,
        raised: Vec::new(),
        strays: None,
    };

    /// Turned, mirrored or not, a little faster or slower, and otherwise as captured.
    pub fn mild(seed: u64) -> Self {
        let rng = &mut ChaCha8Rng::seed_from_u64(seed);
        Self { mirrored: rng.random(), speed: rng.random_range(0.85..1.2), heading_rad: heading(rng), ..Self::NONE }
    }

    /// All there is: on top of what [`Self::mild`] does, every joint strays, half of the bodies lean, and limbs are
    /// raised.
    pub fn strong(seed: u64) -> Self {
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
            strays: Some(Box::new(std::array::from_fn(|_| Stray::sample(rng)))),
        }
    }

    fn apply(&self, time_s: f32, captured: &BodyPose) -> BodyPose {
        let mut pose = *captured;
        if let Some(lean) = &self.lean {
            lean.apply(time_s, &mut pose);
        }
        let mut locals = pose.locals();
        for raise in &self.raised {
            let target = arc(raise.bone.limb().map_or(Vec3::Y, |(_, rest)| rest), raise.towards);
            let local = &mut locals[raise.bone.index()];
            *local = blend(*local, target, raise.swell.at(time_s));
        }
        if let Some(strays) = &self.strays {
            for (bone, (local, stray)) in Bone::ALL.into_iter().zip(locals.iter_mut().zip(strays.iter())) {
                *local *= Quat::from_scaled_axis(stray.at(time_s) * stray_deg(bone).to_radians());
            }
        }
        if self.lean.is_some() || !self.raised.is_empty() || self.strays.is_some() {
            limits::hold(&captured.locals(), &mut locals);
            pose = BodyPose::from_locals(&locals, pose.root);
            contact::keep(captured, &mut pose);
        }
        pose.turned(Quat::from_rotation_y(self.heading_rad))
    }
}

fn heading(rng: &mut impl Rng) -> f32 {
    rng.random_range(-PI..PI)
}

impl Lean {
    fn sample(rng: &mut impl Rng) -> Self {
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

    fn apply(&self, time_s: f32, pose: &mut BodyPose) {
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

/// Whether a bone hangs on another, directly or not.
fn is_below(bone: Bone, other: Bone) -> bool {
    std::iter::successors(bone.parent(), |bone| bone.parent()).any(|ancestor| ancestor == other)
}

impl Raise {
    /// Maybe.
    fn sample(bone: Bone, chance: f64, rng: &mut impl Rng) -> Option<Self> {
        rng.random_bool(chance).then(|| Self { bone, towards: allowed_direction(bone, rng), swell: Swell::sample(rng) })
    }
}

/// Any direction that the limb can take.
fn allowed_direction(bone: Bone, rng: &mut impl Rng) -> Vec3 {
    let Limit::Cone { around, half_angle_deg } = limits::limit(bone) else { return Vec3::Y };
    let least = half_angle_deg.to_radians().cos();
    let height = rng.random_range(least..1.0);
    let (sine, cosine) = rng.random_range(0.0..TAU).sin_cos();
    let ring = (1.0f32 - height * height).sqrt();
    arc(Vec3::Y, around) * Vec3::new(ring * cosine, height, ring * sine)
}

impl Swell {
    fn sample(rng: &mut impl Rng) -> Self {
        Self {
            least: rng.random_range(0.0..0.6),
            period_s: rng.random_range(3.0..9.0),
            phase: rng.random_range(0.0..1.0),
        }
    }

    fn at(&self, time_s: f32) -> f32 {
        let wave = 0.5 - 0.5 * (TAU * (time_s / self.period_s + self.phase)).cos();
        self.least + (1.0 - self.least) * wave
    }
}

impl Stray {
    fn sample(rng: &mut impl Rng) -> Self {
        let mut axis =
            || arc(Vec3::X, Vec3::from_array(std::array::from_fn(|_| rng.random_range(-1.0..1.0)))) * Vec3::X;
        let axes = [axis(), axis()];
        Self {
            axes,
            rates_hz: [rng.random_range(0.08..0.25), rng.random_range(0.25..0.5)],
            phases: [rng.random_range(0.0..1.0), rng.random_range(0.0..1.0)],
        }
    }

    /// At most of length 1.
    fn at(&self, time_s: f32) -> Vec3 {
        let wave = |i: usize| self.axes[i] * (TAU * (self.rates_hz[i] * time_s + self.phases[i])).sin();
        0.65 * wave(0) + 0.35 * wave(1)
    }
}

/// From one rotation to another without a leap, however `from` moves: neither passes half a turn, so that their
/// representatives with w ≥ 0 move steadily and never oppose each other.
fn blend(from: Quat, to: Quat, share: f32) -> Quat {
    let upper = |q: Quat| if q.w < 0.0 { -q } else { q };
    (upper(from) * (1.0 - share) + upper(to) * share).normalize()
}

/// A motion, changed.
#[derive(Clone)]
pub struct Widened {
    motion: Arc<dyn Motion>,
    /// Whose upper body is on the lower body of `motion`.
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

    fn at(&self, time_s: f64) -> BodyPose {
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

/// A time that runs to the end, back to the start and so on, for motions that are played longer than they are.
pub fn there_and_back(time_s: f64, duration_s: f64) -> f64 {
    if duration_s <= 0.0 {
        return 0.0;
    }
    let phase = time_s.rem_euclid(2.0 * duration_s);
    phase.min(2.0 * duration_s - phase)
}
