//! The skeleton to which every actor and every motion is converted.

use glam::{Quat, Vec3};

/// Number of [`Bone`]s.
pub const BONES: usize = 22;

/// A bone of the canonical human, named after the joint where it begins, parents before children.
///
/// At rest the canonical human stands in a T-pose and faces +Z: legs along -Y, left arm along +X, right arm along -X,
/// palms down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Bone {
    Hips,
    Spine,
    Chest,
    UpperChest,
    Neck,
    Head,
    LeftShoulder,
    LeftArm,
    LeftForeArm,
    LeftHand,
    RightShoulder,
    RightArm,
    RightForeArm,
    RightHand,
    LeftUpLeg,
    LeftLeg,
    LeftFoot,
    LeftToe,
    RightUpLeg,
    RightLeg,
    RightFoot,
    RightToe,
}

use Bone::*;

impl Bone {
    #[rustfmt::skip]
    pub const ALL: [Bone; BONES] = [
        Hips, Spine, Chest, UpperChest, Neck, Head,
        LeftShoulder, LeftArm, LeftForeArm, LeftHand, RightShoulder, RightArm, RightForeArm, RightHand,
        LeftUpLeg, LeftLeg, LeftFoot, LeftToe, RightUpLeg, RightLeg, RightFoot, RightToe,
    ];

    /// The trunk from below, in order.
    pub const TRUNK: [Bone; 6] = [Hips, Spine, Chest, UpperChest, Neck, Head];

    pub const fn index(self) -> usize {
        self as usize
    }

    pub const fn parent(self) -> Option<Bone> {
        Some(match self {
            Hips => return None,
            Spine | LeftUpLeg | RightUpLeg => Hips,
            Chest => Spine,
            UpperChest => Chest,
            Neck | LeftShoulder | RightShoulder => UpperChest,
            Head => Neck,
            LeftArm => LeftShoulder,
            LeftForeArm => LeftArm,
            LeftHand => LeftForeArm,
            RightArm => RightShoulder,
            RightForeArm => RightArm,
            RightHand => RightForeArm,
            LeftLeg => LeftUpLeg,
            LeftFoot => LeftLeg,
            LeftToe => LeftFoot,
            RightLeg => RightUpLeg,
            RightFoot => RightLeg,
            RightToe => RightFoot,
        })
    }

    /// The limb bones, whose rest direction has the same meaning in every skeleton: their end, and that direction.
    pub const fn limb(self) -> Option<(Bone, Vec3)> {
        Some(match self {
            LeftArm => (LeftForeArm, Vec3::X),
            LeftForeArm => (LeftHand, Vec3::X),
            RightArm => (RightForeArm, Vec3::NEG_X),
            RightForeArm => (RightHand, Vec3::NEG_X),
            LeftUpLeg => (LeftLeg, Vec3::NEG_Y),
            LeftLeg => (LeftFoot, Vec3::NEG_Y),
            RightUpLeg => (RightLeg, Vec3::NEG_Y),
            RightLeg => (RightFoot, Vec3::NEG_Y),
            _ => return None,
        })
    }

    /// The same bone of the other side.
    pub const fn mirrored(self) -> Bone {
        // Each limb has four bones, the left arm before the right one, the left leg before the right one.
        let index = self.index();
        match self {
            Hips | Spine | Chest | UpperChest | Neck | Head => self,
            LeftShoulder | LeftArm | LeftForeArm | LeftHand | LeftUpLeg | LeftLeg | LeftFoot | LeftToe => {
                Self::ALL[index + 4]
            }
            _ => Self::ALL[index - 4],
        }
    }

    pub const fn is_leg(self) -> bool {
        self.index() >= LeftUpLeg.index()
    }
}

/// The pose of a body at one instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SkeletonPose {
    /// By [`Bone`]: the rotation in the world from the canonical rest pose to this one.
    pub rotations: [Quat; BONES],
    /// The middle of the two hip joints in the world, in leg lengths (thigh plus shin) of the actor.
    pub root: Vec3,
}

impl SkeletonPose {
    /// The T-pose, with the hips one leg length above the origin.
    pub const REST: Self = Self { rotations: [Quat::IDENTITY; BONES], root: Vec3::Y };

    pub fn rotation(&self, bone: Bone) -> Quat {
        self.rotations[bone.index()]
    }

    /// A bone's rotation relative to its parent.
    pub fn local(&self, bone: Bone) -> Quat {
        let own = self.rotation(bone);
        bone.parent().map_or(own, |parent| self.rotation(parent).inverse() * own)
    }

    /// Rotations relative to the parents; [`Self::from_locals`] is the inverse.
    pub fn locals(&self) -> [Quat; BONES] {
        Bone::ALL.map(|bone| self.local(bone))
    }

    pub fn from_locals(locals: &[Quat; BONES], root: Vec3) -> Self {
        let mut pose = Self { rotations: *locals, root };
        for bone in Bone::ALL {
            if let Some(parent) = bone.parent() {
                let rotation = pose.rotation(parent) * pose.rotation(bone);
                pose.rotations[bone.index()] = rotation.normalize();
            }
        }
        pose
    }

    /// The whole body turned about the world's origin.
    pub fn turned(&self, by: Quat) -> Self {
        Self { rotations: self.rotations.map(|rotation| by * rotation), root: by * self.root }
    }

    /// The pose mirrored at x = 0.
    pub fn mirrored(&self) -> Self {
        let reflect = |bone: Bone| {
            let q = self.rotation(bone.mirrored());
            Quat::from_xyzw(q.x, -q.y, -q.z, q.w)
        };
        Self { rotations: Bone::ALL.map(reflect), root: self.root * Vec3::new(-1.0, 1.0, 1.0) }
    }

    /// Interpolates between this pose (`share` = 0) and another (1), along great circles.
    pub fn towards(&self, other: &Self, share: f32) -> Self {
        let between = |bone: Bone| self.rotation(bone).slerp(other.rotation(bone), share);
        Self { rotations: Bone::ALL.map(between), root: self.root.lerp(other.root, share) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bones_are_numbered_in_order_and_parents_come_first() {
        for (index, bone) in Bone::ALL.into_iter().enumerate() {
            assert_eq!(bone.index(), index);
            assert!(bone.parent().is_none_or(|parent| parent.index() < index));
            assert_eq!(bone.mirrored().mirrored(), bone);
            assert_eq!(bone.mirrored().parent(), bone.parent().map(Bone::mirrored));
        }
    }

    #[test]
    fn locals_come_back_and_two_mirrors_are_none() {
        let turn = |bone: Bone| Quat::from_scaled_axis(Vec3::new(0.1, -0.07, 0.05) * bone.index() as f32);
        let pose = SkeletonPose { rotations: Bone::ALL.map(turn), root: Vec3::new(0.3, 0.9, -2.0) };
        let back = SkeletonPose::from_locals(&pose.locals(), pose.root);
        for bone in Bone::ALL {
            assert!(back.rotation(bone).angle_between(pose.rotation(bone)) < 1e-3);
        }
        assert_eq!(pose.mirrored().mirrored(), pose);
    }
}
