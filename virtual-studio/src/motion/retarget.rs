//! Converts a captured skeleton to the canonical one.
//!
//! A skeleton's rest pose is part of its data: rotations are relative to *its* rest pose, and rest poses differ
//! (legs spread, arms down, another facing). So the skeleton is first turned to face +Z. Then each limb bone's
//! canonical rest direction is rotated onto the skeleton's own (the shortest arc), and the captured rotation is applied
//! after that, so that the bone has the captured direction. Hands and feet keep their angle to forearm and shin. The
//! trunk is upright in every rest pose, so its rotations are copied. Bones that were not captured are placed between
//! their neighbours, and toes bend with the foot.

use std::path::Path;

use glam::{DQuat, DVec3, Quat, Vec3};

use crate::actor::{BONES, Bone, SkeletonPose, arc, facing, is_required};

use super::Clip;
use super::bvh::Bvh;
use super::names::Convention;
use crate::AssetError;

/// Places the lowest joint of all frames on the floor, and the middle of the path above the origin.
///
/// # Errors
/// A joint that every human has is missing, or the skeleton has no legs.
pub fn retarget(bvh: &Bvh, path: &Path) -> Result<Clip, AssetError> {
    let skeleton = Skeleton::new(bvh, path)?;
    let mut poses: Vec<SkeletonPose> = Vec::with_capacity(bvh.frames());
    let mut lowest = f64::INFINITY;
    for frame in 0..bvh.frames() {
        let world = bvh.frame(frame);
        lowest = skeleton.joints.iter().flatten().map(|&joint| world[joint].1.y).fold(lowest, f64::min);
        poses.push(skeleton.pose(&world));
    }
    let path = poses.iter().map(|pose| pose.root);
    let (low, high) = path.fold((poses[0].root, poses[0].root), |(low, high), at| (low.min(at), high.max(at)));
    let to_origin = low.midpoint(high).with_y((lowest / skeleton.leg) as f32);
    poses.iter_mut().for_each(|pose| pose.root -= to_origin);
    Ok(Clip::new(bvh.frame_time_s, poses))
}

struct Skeleton {
    /// By bone, the joint of the file.
    joints: [Option<usize>; BONES],
    /// Rotation to face +Z.
    turn: DQuat,
    /// From the canonical rest pose to the skeleton's, by bone.
    align: [Quat; BONES],
    /// Thigh plus shin, in the file's unit.
    leg: f64,
}

impl Skeleton {
    fn new(bvh: &Bvh, path: &Path) -> Result<Self, AssetError> {
        let convention = Convention::of(bvh);
        let joints = Bone::ALL.map(|bone| convention.find(bvh, bone));
        for bone in Bone::ALL {
            // Captured trunks differ most, and any two of their joints are enough.
            let optional = !is_required(bone) || matches!(bone, Bone::Spine | Bone::Head | Bone::Neck);
            if joints[bone.index()].is_none() && !optional {
                return Err(missing(bvh, path, convention, bone));
            }
        }
        let rest = bvh.rest();
        let at = |bone: Bone| joints[bone.index()].map_or(DVec3::ZERO, |joint| rest[joint]);
        let file = |problem: &str| AssetError::file(path, problem);
        let turn = facing(at(Bone::LeftUpLeg).as_vec3(), at(Bone::RightUpLeg).as_vec3())
            .ok_or_else(|| file("both hip joints are at one place at rest"))?;

        let mut align = [Quat::IDENTITY; BONES];
        for bone in Bone::ALL {
            align[bone.index()] = match (bone, bone.limb(), bone.parent()) {
                (_, Some((end, canonical)), _) => arc(canonical, turn * (at(end) - at(bone)).as_vec3()),
                (
                    Bone::LeftHand
                    | Bone::RightHand
                    | Bone::LeftFoot
                    | Bone::RightFoot
                    | Bone::LeftToe
                    | Bone::RightToe,
                    _,
                    Some(parent),
                ) => align[parent.index()],
                _ => Quat::IDENTITY,
            };
        }
        let length = |bone: Bone| bone.limb().map_or(0.0, |(end, _)| at(bone).distance(at(end)));
        let legs = [Bone::LeftUpLeg, Bone::LeftLeg, Bone::RightUpLeg, Bone::RightLeg];
        let leg = 0.5 * legs.map(length).iter().sum::<f64>();
        if leg <= 0.0 {
            return Err(file("the legs have no length"));
        }
        Ok(Self { joints, turn: turn.as_dquat(), align, leg })
    }

    fn pose(&self, world: &[(DQuat, DVec3)]) -> SkeletonPose {
        let mut rotations = [None; BONES];
        for (index, joint) in self.joints.iter().enumerate() {
            let carried = joint.map(|joint| (self.turn * world[joint].0 * self.turn.inverse()).as_quat());
            rotations[index] = carried.map(|carried| (carried * self.align[index]).normalize());
        }
        let hip = |bone: Bone| self.joints[bone.index()].map_or(DVec3::ZERO, |joint| world[joint].1);
        let root = self.turn * hip(Bone::LeftUpLeg).midpoint(hip(Bone::RightUpLeg)) / self.leg;
        SkeletonPose { rotations: filled(rotations), root: root.as_vec3() }
    }
}

/// Fills bones that the skeleton lacks: in the trunk evenly between their neighbours, elsewhere like their parents.
fn filled(mut rotations: [Option<Quat>; BONES]) -> [Quat; BONES] {
    let mut below = (0, rotations[Bone::Hips.index()].unwrap_or(Quat::IDENTITY));
    for (place, bone) in Bone::TRUNK.into_iter().enumerate() {
        let above =
            Bone::TRUNK[place..].iter().enumerate().find_map(|(ahead, bone)| Some((ahead, rotations[bone.index()]?)));
        let rotation = match above {
            Some((ahead, above)) => {
                below.1.slerp(above, (place - below.0) as f32 / (place + ahead - below.0).max(1) as f32)
            }
            None => below.1,
        };
        rotations[bone.index()] = Some(rotation);
        below = (place, rotation);
    }
    let mut all = [Quat::IDENTITY; BONES];
    for bone in Bone::ALL {
        let inherited = match bone.parent().map(|parent| all[parent.index()]) {
            Some(foot) if matches!(bone, Bone::LeftToe | Bone::RightToe) => foot * toes(foot),
            inherited => inherited.unwrap_or(Quat::IDENTITY),
        };
        all[bone.index()] = rotations[bone.index()].unwrap_or(inherited);
    }
    all
}

/// Bends toes that were not captured by most of the foot's downward angle, as captured ones do when a heel rises.
/// Otherwise they would dig into the floor.
fn toes(foot: Quat) -> Quat {
    let down = -(foot * Vec3::Z).y.clamp(-1.0, 0.0).asin();
    Quat::from_rotation_x(-(0.6 * down).min(0.7))
}

fn missing(bvh: &Bvh, path: &Path, convention: &Convention, bone: Bone) -> AssetError {
    let names = bvh.joints.iter().map(|joint| joint.name.as_str()).filter(|name| !name.is_empty());
    let (joint, found) = (convention.joint(bone), names.collect::<Vec<_>>().join(", "));
    let most_like = format!("its skeleton is most like {}'s; it has {found}", convention.name);
    AssetError::file(path, format!("no joint {joint} ({bone:?}); {most_like}"))
}
