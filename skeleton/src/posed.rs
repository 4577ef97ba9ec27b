//! A skeleton in a pose.

use nalgebra::Vector3;

use crate::{Bone, Turn};

/// How the bones of one body are turned.
#[derive(Clone, Debug, PartialEq)]
pub struct Posed {
    /// The middle of the hips in the world, in millimetres.
    pub root_mm: Vector3<f64>,
    /// Per bone its rotation in the world, from the rest pose.
    pub rotations: [Turn; Bone::COUNT],
    /// Per bone whether the body shows where it points. Else it is turned as its parent is.
    pub direction_known: [bool; Bone::COUNT],
    /// Per bone how far the body shows its twist, the turn about its own length: from 0, where it follows from a rule,
    /// to 1, where it was seen.
    pub twist_known: [f64; Bone::COUNT],
}

impl Posed {
    /// The rotation of a bone in the world.
    pub fn rotation(&self, bone: Bone) -> Turn {
        self.rotations[bone.index()]
    }

    /// The pose of given rotations relative to the parent, as [`local`] gives them. All of them count as known.
    pub fn from_local(root_mm: Vector3<f64>, local: &[Turn; Bone::COUNT]) -> Self {
        let mut rotations = *local;
        for bone in Bone::ALL {
            if let Some(parent) = bone.parent() {
                rotations[bone.index()] = rotations[parent.index()] * local[bone.index()];
            }
        }
        Self { root_mm, rotations, direction_known: [true; Bone::COUNT], twist_known: [1.0; Bone::COUNT] }
    }
}

/// Per bone its rotation relative to its parent; of the hips, in the world.
pub fn local(posed: &Posed) -> [Turn; Bone::COUNT] {
    Bone::ALL.map(|bone| match bone.parent() {
        Some(parent) => posed.rotation(parent).inverse() * posed.rotation(bone),
        None => posed.rotation(bone),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_rotations_lead_back() {
        let turn = |bone: Bone| Turn::from_euler_angles(0.1 * bone.index() as f64, -0.2, 0.05 * bone.index() as f64);
        let given = Bone::ALL.map(turn);
        let posed = Posed::from_local(Vector3::zeros(), &given);
        assert!(local(&posed).iter().zip(&given).all(|(found, given)| found.angle_to(given) < 1e-9));
        let foot = turn(Bone::Hips) * turn(Bone::LeftUpperLeg) * turn(Bone::LeftLowerLeg) * turn(Bone::LeftFoot);
        assert!(posed.rotation(Bone::LeftFoot).angle_to(&foot) < 1e-9);
    }
}
