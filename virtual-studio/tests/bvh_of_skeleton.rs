//! The BVH files that `skeleton` writes, read by this crate's own reader.

use std::path::Path;

use glam::DVec3;
use nalgebra::{UnitQuaternion, Vector3};
use skeleton::{Bone, Posed, Proportions, bvh, forward, solve};
use virtual_studio::motion::bvh::Bvh;

/// Per bone of the file the joint of the body that it begins at.
const JOINTS: [(&str, usize); 15] = [
    ("Hips", 0),
    ("RightUpperLeg", 1),
    ("RightLowerLeg", 2),
    ("RightFoot", 3),
    ("LeftUpperLeg", 4),
    ("LeftLowerLeg", 5),
    ("LeftFoot", 6),
    ("Chest", 7),
    ("Neck", 8),
    ("LeftUpperArm", 11),
    ("LeftLowerArm", 12),
    ("LeftHand", 13),
    ("RightUpperArm", 14),
    ("RightLowerArm", 15),
    ("RightHand", 16),
];

/// Somebody who turns once about, bending every bone to and fro, each in its own time.
fn motion(frames: usize) -> Vec<Posed> {
    let at = |frame: usize| {
        let time = frame as f64 / frames as f64 * std::f64::consts::TAU;
        let local = Bone::ALL.map(|bone| {
            let phase = time * (1.0 + bone.index() as f64 / 5.0) + bone.index() as f64;
            match bone {
                Bone::Hips => UnitQuaternion::from_euler_angles(0.3 * phase.sin(), 0.4 * phase.cos(), time),
                Bone::LeftLowerLeg | Bone::RightLowerLeg => {
                    UnitQuaternion::from_axis_angle(&Vector3::y_axis(), 1.0 + phase.sin())
                }
                _ => UnitQuaternion::from_euler_angles(0.5 * phase.sin(), 0.4 * phase.cos(), 0.3 * phase.sin()),
            }
        });
        Posed::from_local(Vector3::new(500.0 * time.cos(), 300.0 * time, 900.0), &local)
    };
    (0..frames).map(at).collect()
}

/// What rounding in the file may cost, in millimetres.
const ROUNDING_MM: f64 = 0.1;

/// A point of the file in the world of bodies: BVH's (x, y, z) are the world's (y, z, x).
fn world_mm(point: DVec3) -> Vector3<f64> {
    Vector3::new(point.z, point.x, point.y) * 10.0
}

#[test]
fn a_written_file_has_the_joints_of_its_bodies() {
    let person = Proportions::of_height(1680.0);
    let bodies: Vec<_> = motion(120).iter().map(|posed| forward(&person, posed)).collect();
    let solved: Vec<Posed> = bodies.iter().map(|(joints, landmarks)| solve(joints, landmarks).unwrap()).collect();
    let measured = Proportions::of_bodies(bodies.iter().map(|(joints, landmarks)| (joints, landmarks))).unwrap();
    let text = bvh::write(&measured, &solved, 1.0 / 60.0).unwrap();
    let file = Bvh::parse(&text, Path::new("bodies.bvh")).unwrap();
    assert_eq!(file.frames(), bodies.len());
    assert!((file.frame_time_s - 1.0 / 60.0).abs() < 1e-8);
    for (frame, ((joints, landmarks), posed)) in bodies.iter().zip(&solved).enumerate() {
        let read = file.frame(frame);
        for (name, joint) in JOINTS {
            let off = (world_mm(read[file.joint(name).unwrap()].1) - joints[joint]).norm();
            assert!(off < ROUNDING_MM, "frame {frame}, {name}: {off} mm");
        }
        let ears = (landmarks[1] + landmarks[2]) / 2.0;
        assert!((world_mm(read[file.joint("Head").unwrap()].1) - ears).norm() < ROUNDING_MM);
        // Toes are where the solved feet have them: feet that roll against the shin are not solved exactly.
        let (_, solved_landmarks) = forward(&measured, posed);
        for (name, toe) in [("LeftFoot", 5), ("RightFoot", 6)] {
            let end = file.joints.iter().position(|joint| joint.parent == file.joint(name)).unwrap();
            assert!((world_mm(read[end].1) - solved_landmarks[toe]).norm() < ROUNDING_MM, "frame {frame}, {name}");
        }
    }
}
