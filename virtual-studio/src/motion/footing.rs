//! Keeps the feet at their height when poses are changed.

use glam::Vec3;

use crate::actor::{Bone, SkeletonPose};

/// A typical thigh's share of the leg length.
const THIGH: f32 = 0.5;

/// Distance of the lower ankle below the hips, in leg lengths.
pub(crate) fn reach(pose: &SkeletonPose) -> f32 {
    let depth = |thigh: Bone, shin: Bone| {
        -(pose.rotation(thigh) * Vec3::NEG_Y * THIGH + pose.rotation(shin) * Vec3::NEG_Y * (1.0 - THIGH)).y
    };
    depth(Bone::LeftUpLeg, Bone::LeftLeg).max(depth(Bone::RightUpLeg, Bone::RightLeg))
}

/// Raises or lowers the hips until the lower ankle is as high as it was before.
pub(crate) fn keep(before: &SkeletonPose, pose: &mut SkeletonPose) {
    pose.root.y += reach(pose) - reach(before);
}
