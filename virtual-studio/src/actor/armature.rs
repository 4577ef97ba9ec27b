//! Computes the positions of an actor's bones from a pose.

use glam::{Affine3A, Quat, Vec3};

use super::skeleton::{BONES, Bone, SkeletonPose};

/// An actor's bones at rest.
#[derive(Clone, Debug)]
pub(crate) struct Armature {
    /// Where each bone begins.
    pub rest: [Vec3; BONES],
    /// The rotation of each bone from the actor's own rest pose to the canonical one.
    align: [Quat; BONES],
    /// Thigh plus shin.
    pub leg_m: f32,
}

impl Armature {
    pub fn new(rest: [Vec3; BONES]) -> Self {
        let at = |bone: Bone| rest[bone.index()];
        let mut align = [Quat::IDENTITY; BONES];
        for bone in Bone::ALL {
            align[bone.index()] = match (bone, bone.limb(), bone.parent()) {
                (_, Some((end, canonical)), _) => arc(at(end) - at(bone), canonical),
                // A hand keeps its angle to the forearm; a foot keeps its angle to the floor.
                (Bone::LeftHand | Bone::RightHand, _, Some(forearm)) => align[forearm.index()],
                _ => Quat::IDENTITY,
            };
        }
        let length = |from: Bone, to: Bone| at(from).distance(at(to));
        let leg_m = 0.5
            * (length(Bone::LeftUpLeg, Bone::LeftLeg)
                + length(Bone::LeftLeg, Bone::LeftFoot)
                + length(Bone::RightUpLeg, Bone::RightLeg)
                + length(Bone::RightLeg, Bone::RightFoot));
        Self { rest, align, leg_m }
    }

    pub fn hip_centre(&self) -> Vec3 {
        self.rest[Bone::LeftUpLeg.index()].midpoint(self.rest[Bone::RightUpLeg.index()])
    }

    /// The pose without any motion, in which the body was modelled.
    pub fn modelled(&self) -> SkeletonPose {
        SkeletonPose { rotations: self.align.map(Quat::inverse), root: self.hip_centre() / self.leg_m }
    }

    /// By bone: the transform from the resting body to the world.
    pub fn place(&self, pose: &SkeletonPose) -> [Affine3A; BONES] {
        let mut placed = [Affine3A::IDENTITY; BONES];
        for bone in Bone::ALL {
            let index = bone.index();
            let rotation = pose.rotations[index] * self.align[index];
            let rest = self.rest[index];
            let at = match bone.parent() {
                Some(parent) => placed[parent.index()].transform_point3(rest),
                None => pose.root * self.leg_m + rotation * (rest - self.hip_centre()),
            };
            placed[index] = Affine3A::from_rotation_translation(rotation, at - rotation * rest);
        }
        placed
    }
}

/// Maximum distance of a body's point from the origin, in metres. Larger ones mean damage, and their squares overflow.
const FARTHEST_M: f32 = 1000.0;

/// Whether a point can belong to a body.
pub(crate) fn is_near(point: Vec3) -> bool {
    point.is_finite() && point.abs().max_element() <= FARTHEST_M
}

/// The shortest rotation from one direction to another, of any lengths; `None` for a zero vector.
pub(crate) fn arc(from: Vec3, to: Vec3) -> Quat {
    match (from.try_normalize(), to.try_normalize()) {
        (Some(from), Some(to)) => Quat::from_rotation_arc(from, to),
        _ => Quat::IDENTITY,
    }
}

/// The turn about the vertical that makes a body face +Z, given its hip joints. `None` if they coincide horizontally.
pub(crate) fn facing(left_hip: Vec3, right_hip: Vec3) -> Option<Quat> {
    let forward = (left_hip - right_hip).cross(Vec3::Y).try_normalize()?;
    Some(Quat::from_rotation_y(-forward.x.atan2(forward.z)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_faces_x_is_turned_to_z() {
        let turn = facing(Vec3::new(0.0, 1.0, -0.1), Vec3::new(0.0, 1.0, 0.1)).unwrap();
        assert!((turn * Vec3::X - Vec3::Z).length() < 1e-6);
        assert_eq!(facing(Vec3::Y, Vec3::ZERO), None);
    }
}
