//! People in poses that people can take.

#![allow(dead_code)]

use nalgebra::{Unit, Vector3};
use proptest::prelude::*;
use skeleton::{Bone, Posed, Turn};

pub type Local = [Turn; Bone::COUNT];

pub fn about(axis: Vector3<f64>, degrees: f64) -> Turn {
    Turn::from_axis_angle(&Unit::new_normalize(axis), degrees.to_radians())
}

/// Left arms turn about an axis as right ones about the opposite.
fn side(bone: Bone) -> f64 {
    if bone.name().starts_with("Right") { -1.0 } else { 1.0 }
}

/// A bent elbow: at rest the lower arm comes forward.
pub fn elbow(bone: Bone, degrees: f64) -> Turn {
    about(Vector3::z() * -side(bone), degrees)
}

/// A bent knee: the lower leg goes back.
pub fn knee(degrees: f64) -> Turn {
    about(Vector3::y(), degrees)
}

/// By how many degrees a bone leans to two sides and twists at most, and how far it bends if it is a hinge.
fn limits(bone: Bone) -> ([f64; 3], f64) {
    match bone {
        Bone::Hips => ([180.0; 3], 0.0),
        Bone::Spine | Bone::Chest => ([30.0, 30.0, 20.0], 0.0),
        Bone::Neck => ([30.0, 40.0, 0.0], 0.0),
        Bone::Head => ([20.0, 40.0, 60.0], 0.0),
        Bone::LeftShoulder | Bone::RightShoulder => ([20.0, 0.0, 20.0], 0.0),
        Bone::LeftUpperArm | Bone::RightUpperArm => ([80.0, 70.0, 80.0], 0.0),
        Bone::LeftLowerArm | Bone::RightLowerArm => ([0.0; 3], 145.0),
        Bone::LeftHand | Bone::RightHand => ([50.0; 3], 0.0),
        Bone::LeftUpperLeg | Bone::RightUpperLeg => ([40.0, 80.0, 40.0], 0.0),
        Bone::LeftLowerLeg | Bone::RightLowerLeg => ([0.0; 3], 140.0),
        Bone::LeftFoot | Bone::RightFoot => ([15.0, 40.0, 20.0], 0.0),
    }
}

fn turn(bone: Bone) -> impl Strategy<Value = Turn> {
    let ([x, y, z], bend) = limits(bone);
    ((-1.0..=1.0), (-1.0..=1.0), (-1.0..=1.0), (0.0..=1.0)).prop_map(move |(a, b, c, d): (f64, f64, f64, f64)| {
        let free = about(Vector3::z(), z * c) * about(Vector3::y(), y * b) * about(Vector3::x(), x * a);
        match bone {
            Bone::LeftLowerArm | Bone::RightLowerArm => elbow(bone, bend * d),
            Bone::LeftLowerLeg | Bone::RightLowerLeg => knee(bend * d),
            _ => free,
        }
    })
}

/// Rotations of all bones within human limits; the person as a whole is turned any way.
pub fn poses() -> impl Strategy<Value = Local> {
    Bone::ALL.map(turn)
}

pub fn posed(local: &Local) -> Posed {
    Posed::from_local(Vector3::new(1234.0, -567.0, 890.0), local)
}
