//! People who walk around, wave, bow and look around, for studios without captures.

use std::f32::consts::{PI, TAU};

use glam::{Quat, Vec3};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::actor::{BONES, Bone, SkeletonPose};

use super::{Clip, footing};

const FRAME_TIME_S: f32 = 1.0 / 60.0;
/// Heights of an ankle above the floor, in leg lengths.
const ANKLE: f32 = 0.1;

/// A gesture between steps.
#[derive(Clone, Copy, Debug)]
enum Gesture {
    Wave { left: bool },
    Bow,
    LookAround,
    Stretch,
    Squat,
}

/// The values drawn from a seed.
struct Style {
    /// Double steps per second.
    cadence_hz: f32,
    stride_rad: f32,
    swing_rad: f32,
    curve_rad_s: f32,
    heading_rad: f32,
    /// Walking and standing alternate.
    spell_s: f32,
    gestures: Vec<Gesture>,
}

impl Style {
    fn sample(rng: &mut impl Rng) -> Self {
        let side = if rng.random() { 1.0 } else { -1.0 };
        Self {
            cadence_hz: rng.random_range(0.7..1.0),
            stride_rad: rng.random_range(0.26..0.42),
            swing_rad: rng.random_range(0.2..0.55),
            curve_rad_s: side * rng.random_range(0.7..1.5),
            heading_rad: rng.random_range(-PI..PI),
            spell_s: rng.random_range(3.0..5.0),
            gestures: (0..64)
                .map(|_| match rng.random_range(0..6) {
                    0 => Gesture::Wave { left: true },
                    1 => Gesture::Wave { left: false },
                    2 => Gesture::Bow,
                    3 => Gesture::LookAround,
                    4 => Gesture::Stretch,
                    _ => Gesture::Squat,
                })
                .collect(),
        }
    }
}

/// A different motion for each seed, at 60 frames a second.
pub fn clip(seed: u64, duration_s: f32) -> Clip {
    let style = Style::sample(&mut ChaCha8Rng::seed_from_u64(seed));
    let (mut phase, mut heading, mut at) = (0.0f32, style.heading_rad, Vec3::ZERO);
    let frames = (duration_s / FRAME_TIME_S).ceil().max(0.0) as usize + 1;
    let poses = (0..frames).map(|frame| {
        let time_s = frame as f32 * FRAME_TIME_S;
        let spell = time_s / style.spell_s;
        // One period of walking, one of standing, with soft transitions.
        let going = (0.5 + 2.0 * (PI * spell).sin()).clamp(0.0, 1.0);
        let going = going * going * (3.0 - 2.0 * going);
        let standing = ((spell - 1.0).rem_euclid(2.0)).min(1.0);
        let gesture = style.gestures[(spell / 2.0) as usize % style.gestures.len()];

        let mut body = Locals::standing();
        body.walk(&style, phase, going);
        body.gesture(gesture, standing, time_s);
        let mut pose = SkeletonPose::from_locals(&body.0, at);
        pose.root.y = footing::reach(&pose) + ANKLE;
        pose.rotations = pose.rotations.map(|rotation| Quat::from_rotation_y(heading) * rotation);

        phase += TAU * style.cadence_hz * going * FRAME_TIME_S;
        heading += (style.curve_rad_s + home_rad_s(heading, at)).clamp(-1.8, 1.8) * going * FRAME_TIME_S;
        // A stance leg sweeps from the stride ahead to the stride behind in half a cycle.
        let speed = 4.0 * (style.stride_rad * going).sin() * style.cadence_hz * going;
        at += Quat::from_rotation_y(heading) * Vec3::Z * speed * FRAME_TIME_S;
        pose
    });
    let mut poses: Vec<SkeletonPose> = poses.collect();
    let bounds = |of: fn(Vec3, Vec3) -> Vec3| poses.iter().map(|pose| pose.root).reduce(of).unwrap_or(Vec3::ZERO);
    let middle = bounds(Vec3::min).midpoint(bounds(Vec3::max)).with_y(0.0);
    poses.iter_mut().for_each(|pose| pose.root -= middle);
    Clip::new(f64::from(FRAME_TIME_S), poses)
}

/// Turns walkers who are far from their start back towards it.
fn home_rad_s(heading: f32, at: Vec3) -> f32 {
    let ahead = Quat::from_rotation_y(heading) * Vec3::Z;
    4.0 * at.cross(ahead).y.signum() * (at.length() - 1.0).clamp(0.0, 1.0)
}

/// Rotations relative to the parents.
struct Locals([Quat; BONES]);

impl Locals {
    /// Upright, arms down and a little bent.
    fn standing() -> Self {
        let mut body = Self([Quat::IDENTITY; BONES]);
        for (arm, forearm, side) in
            [(Bone::LeftArm, Bone::LeftForeArm, 1.0), (Bone::RightArm, Bone::RightForeArm, -1.0)]
        {
            body.turn(arm, Quat::from_rotation_z(-side * 1.35));
            body.turn(forearm, Quat::from_rotation_y(-side * 0.25));
        }
        body
    }

    /// Rotates a bone further, about its parent's axes.
    fn turn(&mut self, bone: Bone, by: Quat) {
        self.0[bone.index()] = by * self.0[bone.index()];
    }

    fn walk(&mut self, style: &Style, phase: f32, going: f32) {
        let legs = [
            (Bone::LeftUpLeg, Bone::LeftLeg, Bone::LeftFoot, Bone::RightArm, 0.0),
            (Bone::RightUpLeg, Bone::RightLeg, Bone::RightFoot, Bone::LeftArm, PI),
        ];
        for (thigh, shin, foot, other_arm, lag) in legs {
            let (swing, ahead) = (phase + lag).sin_cos();
            let thigh_rad = going * style.stride_rad * swing;
            let knee_rad = going * (0.12 + 1.0 * ahead.max(0.0).powi(2));
            self.turn(thigh, Quat::from_rotation_x(-thigh_rad));
            self.turn(shin, Quat::from_rotation_x(knee_rad));
            // The sole stays level except while the leg is behind.
            self.turn(
                foot,
                Quat::from_rotation_x(thigh_rad - knee_rad + going * 0.35 * (-swing).max(0.0) * ahead.max(0.0)),
            );
            self.turn(other_arm, Quat::from_rotation_x(-going * style.swing_rad * swing));
        }
        let sway = going * phase.sin();
        self.turn(Bone::Hips, Quat::from_rotation_y(-0.08 * sway));
        self.turn(Bone::UpperChest, Quat::from_rotation_y(0.16 * sway));
    }

    /// Applies the gesture at `share` of its duration.
    fn gesture(&mut self, gesture: Gesture, share: f32, time_s: f32) {
        let swell = (PI * share).sin().powi(2);
        match gesture {
            Gesture::Wave { left } => {
                let (arm, forearm, side) = if left {
                    (Bone::LeftArm, Bone::LeftForeArm, 1.0)
                } else {
                    (Bone::RightArm, Bone::RightForeArm, -1.0)
                };
                self.turn(arm, Quat::from_rotation_z(side * swell * 1.9));
                let wave = 0.5 * (TAU * 1.6 * time_s).sin();
                self.turn(forearm, Quat::from_rotation_z(side * swell * (0.7 + wave)));
            }
            Gesture::Bow => {
                for bone in [Bone::Hips, Bone::Spine, Bone::Chest] {
                    self.turn(bone, Quat::from_rotation_x(0.4 * swell));
                }
                for bone in [Bone::LeftUpLeg, Bone::RightUpLeg] {
                    self.turn(bone, Quat::from_rotation_x(-0.4 * swell));
                }
            }
            Gesture::LookAround => {
                let side = (TAU * share).sin();
                for (bone, angle) in [(Bone::Head, 0.6), (Bone::Neck, 0.3), (Bone::Chest, 0.3), (Bone::UpperChest, 0.3)]
                {
                    self.turn(bone, Quat::from_rotation_y(angle * side));
                }
            }
            Gesture::Stretch => {
                for (bone, side) in [(Bone::LeftArm, 1.0), (Bone::RightArm, -1.0)] {
                    self.turn(bone, Quat::from_rotation_z(side * swell * 2.6));
                }
                self.turn(Bone::Chest, Quat::from_rotation_z(0.25 * swell * (TAU * share).sin()));
            }
            Gesture::Squat => {
                let legs = [
                    (Bone::LeftUpLeg, Bone::LeftLeg, Bone::LeftFoot),
                    (Bone::RightUpLeg, Bone::RightLeg, Bone::RightFoot),
                ];
                self.turn(Bone::Hips, Quat::from_rotation_x(0.5 * swell));
                for (thigh, shin, foot) in legs {
                    self.turn(thigh, Quat::from_rotation_x(-1.8 * swell));
                    self.turn(shin, Quat::from_rotation_x(2.0 * swell));
                    self.turn(foot, Quat::from_rotation_x(-0.7 * swell));
                }
                for (bone, side) in [(Bone::LeftArm, 1.0), (Bone::RightArm, -1.0)] {
                    self.turn(
                        bone,
                        Quat::from_rotation_y(-side * 1.2 * swell) * Quat::from_rotation_z(side * 1.2 * swell),
                    );
                }
            }
        }
    }
}
