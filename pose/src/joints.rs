//! The 17 joints of Human3.6M, in the order that its users share (VideoPose3D and after it).

use nalgebra::Vector3;

/// Number of joints of a pose.
pub const JOINTS: usize = 17;

/// A person's joints in the world, in millimetres.
pub type WorldJoints = [Vector3<f64>; JOINTS];

/// One pose: `[joint][x, y, z]` in millimetres, relative to the root, x right, y down, z away from the camera when it
/// stands in a [look-at frame](crate::look_at).
pub type Pose3d = [[f32; 3]; JOINTS];

/// The hip centre, which root-relative poses hold at zero.
pub const ROOT: usize = 0;

/// Names by joint index. A "foot" is the ankle, the thorax the base of the neck, "neck" lies at the height of nose and
/// chin, "head" is the top of the head.
pub const JOINT_NAMES: [&str; JOINTS] = [
    "hip",
    "right hip",
    "right knee",
    "right foot",
    "left hip",
    "left knee",
    "left foot",
    "spine",
    "thorax",
    "neck",
    "head",
    "left shoulder",
    "left elbow",
    "left wrist",
    "right shoulder",
    "right elbow",
    "right wrist",
];

/// Number of landmarks of a body.
pub const LANDMARKS: usize = 7;

/// The landmarks of a body, the points beside the joints that show how head and feet are turned, in the world and in
/// millimetres.
pub type Landmarks = [Vector3<f64>; LANDMARKS];

/// Names by landmark index. Left and right are the person's.
pub const LANDMARK_NAMES: [&str; LANDMARKS] =
    ["nose", "left ear", "right ear", "left heel", "right heel", "left toe", "right toe"];

/// `(parent, joint)` of every bone, for drawing.
pub const BONES: [(usize, usize); JOINTS - 1] = [
    (0, 1),
    (1, 2),
    (2, 3),
    (0, 4),
    (4, 5),
    (5, 6),
    (0, 7),
    (7, 8),
    (8, 9),
    (9, 10),
    (8, 11),
    (11, 12),
    (12, 13),
    (8, 14),
    (14, 15),
    (15, 16),
];

/// `(left, right)` joints that change places when a picture is mirrored.
pub const LEFT_RIGHT: [(usize, usize); 6] = [(4, 1), (5, 2), (6, 3), (11, 14), (12, 15), (13, 16)];

/// Hips, knees, feet, shoulders, elbows and wrists: the joints that nearly all marker sets measure.
pub const LIMB_JOINTS: [usize; 12] = [1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bones_hang_together_from_the_root() {
        for (bone, (parent, joint)) in BONES.into_iter().enumerate() {
            assert_eq!(joint, bone + 1);
            assert!(parent < joint);
        }
    }

    #[test]
    fn pairs_are_named_alike_and_are_the_limbs() {
        let mut limbs = Vec::new();
        for (left, right) in LEFT_RIGHT {
            assert_eq!(JOINT_NAMES[left].replace("left", "right"), JOINT_NAMES[right]);
            limbs.extend([left, right]);
        }
        limbs.sort_unstable();
        assert_eq!(limbs, LIMB_JOINTS);
    }
}
