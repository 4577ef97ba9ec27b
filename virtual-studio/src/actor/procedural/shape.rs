//! The measures of the built-in person, 1.75 m tall.

use std::f32::consts::PI;

use glam::Vec3;

use crate::actor::skeleton::{BONES, Bone};

use super::paint::TextureField;
use super::tubes::{Builder, Ring, along};

/// Where the bones begin.
pub(super) fn rest() -> [Vec3; BONES] {
    let left = |bone: Bone| {
        let (x, y, z) = match bone {
            Bone::LeftShoulder => (0.03, 1.42, 0.0),
            Bone::LeftArm => (0.17, 1.42, 0.0),
            Bone::LeftForeArm => (0.45, 1.42, 0.0),
            Bone::LeftHand => (0.70, 1.42, 0.0),
            Bone::LeftUpLeg => (0.09, 0.93, 0.0),
            Bone::LeftLeg => (0.09, 0.50, 0.0),
            Bone::LeftFoot => (0.09, 0.08, 0.0),
            _ => (0.09, 0.02, 0.14),
        };
        Vec3::new(x, y, z)
    };
    Bone::ALL.map(|bone| match bone {
        Bone::Hips => Vec3::new(0.0, 0.97, 0.0),
        Bone::Spine => Vec3::new(0.0, 1.06, 0.0),
        Bone::Chest => Vec3::new(0.0, 1.16, 0.0),
        Bone::UpperChest => Vec3::new(0.0, 1.27, 0.0),
        Bone::Neck => Vec3::new(0.0, 1.46, 0.0),
        Bone::Head => Vec3::new(0.0, 1.55, 0.02),
        bone if bone.mirrored() < bone => left(bone.mirrored()) * Vec3::new(-1.0, 1.0, 1.0),
        bone => left(bone),
    })
}

impl Builder {
    pub fn body(&mut self) {
        // Height, depth of the middle, half width, half depth.
        let trunk = [
            (0.84, 0.0, 0.02, 0.02, TextureField::Trousers),
            (0.86, 0.0, 0.10, 0.08, TextureField::Trousers),
            (0.92, 0.0, 0.165, 0.115, TextureField::Trousers),
            (1.00, 0.0, 0.16, 0.11, TextureField::Trousers),
            (1.00, 0.0, 0.162, 0.112, TextureField::Shirt),
            (1.10, 0.0, 0.145, 0.105, TextureField::Shirt),
            (1.22, 0.0, 0.155, 0.115, TextureField::Shirt),
            (1.32, 0.0, 0.165, 0.12, TextureField::Shirt),
            (1.40, 0.0, 0.15, 0.10, TextureField::Shirt),
            (1.45, 0.0, 0.10, 0.075, TextureField::Shirt),
            (1.475, 0.0, 0.06, 0.06, TextureField::Shirt),
        ];
        let upright = |&(y, z, wide, deep, field): &(f32, f32, f32, f32, TextureField)| {
            (Ring { centre: Vec3::new(0.0, y, z), across: Vec3::X * wide, deep: Vec3::Z * deep }, field)
        };
        let spine = |point: Vec3| {
            let bones = [(Bone::Hips, 0.0), (Bone::Spine, 1.06), (Bone::Chest, 1.16), (Bone::UpperChest, 1.27)];
            along(point.y, &bones)
        };
        self.tube(trunk.iter().map(upright), spine);
        let neck = [
            (1.43, 0.0, 0.058, 0.058, TextureField::Skin),
            (1.50, 0.005, 0.055, 0.056, TextureField::Skin),
            (1.58, 0.02, 0.055, 0.058, TextureField::Skin),
        ];
        self.tube(neck.iter().map(upright), |point| {
            along(point.y, &[(Bone::UpperChest, 0.0), (Bone::Neck, 1.45), (Bone::Head, 1.56)])
        });
        let head = (0..=14).map(|i| {
            let (rise, wide) = (PI * (i as f32 / 14.0 - 0.5)).sin_cos();
            // The jaw is narrower than the skull.
            let taper = if rise < 0.0 { 1.0 + 0.22 * rise } else { 1.0 };
            upright(&(
                1.635 + 0.118 * rise,
                0.03,
                0.001 + 0.078 * wide * taper,
                0.001 + 0.098 * wide * taper,
                TextureField::Head,
            ))
        });
        self.tube(head, |_| vec![(Bone::Head, 1.0)]);
        let nose = [(0.10, 0.020), (0.13, 0.016), (0.147, 0.008), (0.15, 0.001)].map(|(z, radius)| {
            (
                Ring { centre: Vec3::new(0.0, 1.605, z), across: Vec3::X * radius, deep: Vec3::Y * radius * 1.4 },
                TextureField::Skin,
            )
        });
        self.tube(nose.into_iter(), |_| vec![(Bone::Head, 1.0)]);
        for side in [1.0, -1.0] {
            self.limbs(side);
        }
    }

    fn limbs(&mut self, side: f32) {
        let own = |bone: Bone| if side > 0.0 { bone } else { bone.mirrored() };
        let sideways = |&(x, half, field): &(f32, f32, TextureField)| {
            let flat = if x > 0.7 { 0.45 } else { 1.0 };
            (
                Ring { centre: Vec3::new(side * x, 1.42, 0.0), across: Vec3::Z * half, deep: Vec3::Y * half * flat },
                field,
            )
        };
        let arm = [
            (0.10, 0.01, TextureField::Shirt),
            (0.12, 0.065, TextureField::Shirt),
            (0.19, 0.066, TextureField::Shirt),
            (0.30, 0.054, TextureField::Shirt),
            (0.33, 0.056, TextureField::Shirt),
            (0.33, 0.045, TextureField::Skin),
            (0.45, 0.041, TextureField::Skin),
            (0.52, 0.041, TextureField::Skin),
            (0.68, 0.029, TextureField::Skin),
            (0.72, 0.038, TextureField::Skin),
            (0.80, 0.044, TextureField::Skin),
            (0.86, 0.032, TextureField::Skin),
            (0.89, 0.004, TextureField::Skin),
        ];
        let bones = [
            (own(Bone::LeftShoulder), 0.0),
            (own(Bone::LeftArm), 0.16),
            (own(Bone::LeftForeArm), 0.45),
            (own(Bone::LeftHand), 0.70),
        ];
        self.tube(arm.iter().map(sideways), |point| along(point.x.abs(), &bones));

        let downward = |&(y, z, half, field): &(f32, f32, f32, TextureField)| {
            (Ring { centre: Vec3::new(side * 0.09, y, z), across: Vec3::X * half, deep: Vec3::Z * half }, field)
        };
        let leg = [
            (0.99, 0.0, 0.02, TextureField::Trousers),
            (0.95, 0.0, 0.075, TextureField::Trousers),
            (0.86, 0.0, 0.092, TextureField::Trousers),
            (0.70, 0.0, 0.080, TextureField::Trousers),
            (0.52, 0.005, 0.060, TextureField::Trousers),
            (0.46, 0.0, 0.058, TextureField::Trousers),
            (0.34, -0.008, 0.058, TextureField::Trousers),
            (0.12, 0.0, 0.045, TextureField::Trousers),
            (0.10, 0.0, 0.046, TextureField::Trousers),
            (0.08, 0.0, 0.004, TextureField::Trousers),
        ];
        let bones =
            [(own(Bone::LeftFoot), 0.0), (own(Bone::LeftLeg), 0.08), (own(Bone::LeftUpLeg), 0.50), (Bone::Hips, 0.97)];
        self.tube(leg.iter().map(downward), |point| along(point.y, &bones));

        let forward = |&(z, y, wide, high): &(f32, f32, f32, f32)| {
            (
                Ring { centre: Vec3::new(side * 0.09, y, z), across: Vec3::X * wide, deep: Vec3::Y * high },
                TextureField::Shoe,
            )
        };
        let foot = [
            (-0.065, 0.04, 0.01, 0.01),
            (-0.055, 0.05, 0.034, 0.048),
            (0.0, 0.055, 0.042, 0.055),
            (0.07, 0.04, 0.045, 0.04),
            (0.14, 0.028, 0.047, 0.028),
            (0.18, 0.024, 0.035, 0.022),
            (0.195, 0.022, 0.006, 0.006),
        ];
        let bones = [(own(Bone::LeftFoot), -1.0), (own(Bone::LeftToe), 0.14)];
        self.tube(foot.iter().map(forward), |point| along(point.z, &bones));
    }
}
