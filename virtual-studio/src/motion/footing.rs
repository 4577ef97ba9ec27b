//! Feet that stay where they were, when poses are changed.

use glam::Vec3;

use crate::actor::{Bone, SkeletonPose};

/// Of a leg length: what most people's thighs take.
const THIGH: f32 = 0.5;

/// How far below the hips the lower ankle is, in leg lengths.
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
