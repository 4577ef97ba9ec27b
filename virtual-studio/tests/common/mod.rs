//! Helpers of several suites: shared data and captured skeletons.

#![allow(dead_code)]

pub mod trc_file;

use std::path::{Path, PathBuf};

use glam::{Quat, Vec3};
use virtual_studio::motion::bvh::Bvh;

/// Shared data, or `None` after printing why the test is skipped.
pub fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("GENLOCK_TEST_DATA").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: GENLOCK_TEST_DATA is not set");
    }
    folder
}

/// The motion folders, the names of their (thigh, shin, foot, upper arm, forearm, hand) on the left and on the right,
/// and the turn that makes each skeleton face +Z.
pub fn skeletons() -> [(&'static str, [[&'static str; 6]; 2], Quat); 3] {
    let cmu = [
        ["LeftUpLeg", "LeftLeg", "LeftFoot", "LeftArm", "LeftForeArm", "LeftHand"],
        ["RightUpLeg", "RightLeg", "RightFoot", "RightArm", "RightForeArm", "RightHand"],
    ];
    let daz = [
        ["lThigh", "lShin", "lFoot", "lShldr", "lForeArm", "lHand"],
        ["rThigh", "rShin", "rFoot", "rShldr", "rForeArm", "rHand"],
    ];
    let deep_mimic = [
        ["left_hip", "left_knee", "left_ankle", "left_shoulder", "left_elbow", "left_wrist"],
        ["right_hip", "right_knee", "right_ankle", "right_shoulder", "right_elbow", "right_wrist"],
    ];
    let from_x = Quat::from_rotation_y(-std::f32::consts::FRAC_PI_2);
    [
        ("motion_cmu/bvh60", cmu, Quat::IDENTITY),
        ("motion_cmu_subjects/bvh60", daz, Quat::IDENTITY),
        ("motion_deepmimic/bvh", deep_mimic, from_x),
    ]
}

/// Joints of Human3.6M that thigh, shin, foot, upper arm, forearm and hand begin at, left and right.
pub const LIMBS: [[usize; 6]; 2] = [[4, 5, 6, 11, 12, 13], [1, 2, 3, 14, 15, 16]];

/// The files of a folder, by name.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Position of the captured skeleton's joint, in the file's unit and axes.
pub fn captured(bvh: &Bvh, frame: usize, joint: &str) -> Vec3 {
    bvh.frame(frame)[bvh.joint(joint).unwrap()].1.as_vec3()
}
