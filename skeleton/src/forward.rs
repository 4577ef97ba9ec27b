//! From rotations to joints.

use nalgebra::Vector3;
use pose::WorldJoints;

use crate::{Bone, Landmarks, Posed, Proportions, rest};

/// Per joint the bone that begins there. Nose and crown, 9 and 10, are on the head.
const BONE_OF_JOINT: [Option<Bone>; pose::JOINTS] = [
    Some(Bone::Hips),
    Some(Bone::RightUpperLeg),
    Some(Bone::RightLowerLeg),
    Some(Bone::RightFoot),
    Some(Bone::LeftUpperLeg),
    Some(Bone::LeftLowerLeg),
    Some(Bone::LeftFoot),
    Some(Bone::Chest),
    Some(Bone::Neck),
    None,
    None,
    Some(Bone::LeftUpperArm),
    Some(Bone::LeftLowerArm),
    Some(Bone::LeftHand),
    Some(Bone::RightUpperArm),
    Some(Bone::RightLowerArm),
    Some(Bone::RightHand),
];

/// The joints and landmarks of a person in a pose, in the world and in millimetres.
///
/// The crown (joint 10, "head") lies beyond the middle of the ears as seen from the base of the neck, as bodies have
/// it: it does not nod with the head.
pub fn forward(proportions: &Proportions, posed: &Posed) -> (WorldJoints, Landmarks) {
    let begins = begins(proportions, posed);
    let at = |bone: Bone, offset: Vector3<f64>| begins[bone.index()] + posed.rotation(bone) * offset;
    let nose = at(Bone::Head, proportions.nose_offset_mm());
    let crown = at(Bone::Neck, *rest::neck() * (proportions.neck_mm + proportions.crown_mm));
    let ear = Vector3::y() * proportions.ears_mm / 2.0;
    let (heel, toe) = (proportions.heel_offset_mm(), proportions.toe_offset_mm());
    let joints = std::array::from_fn(|joint| match (BONE_OF_JOINT[joint], joint) {
        (Some(bone), _) => begins[bone.index()],
        (None, 9) => nose,
        (None, _) => crown,
    });
    let landmarks = [
        nose,
        at(Bone::Head, ear),
        at(Bone::Head, -ear),
        at(Bone::LeftFoot, heel),
        at(Bone::RightFoot, heel),
        at(Bone::LeftFoot, toe),
        at(Bone::RightFoot, toe),
    ];
    (joints, landmarks)
}

/// Where each bone begins.
fn begins(proportions: &Proportions, posed: &Posed) -> [Vector3<f64>; Bone::COUNT] {
    let mut begins = [posed.root_mm; Bone::COUNT];
    for bone in Bone::ALL {
        if let Some(parent) = bone.parent() {
            let offset = posed.rotation(parent) * proportions.offset_mm(bone);
            begins[bone.index()] = begins[parent.index()] + offset;
        }
    }
    begins
}

#[cfg(test)]
mod tests {
    use pose::JOINT_NAMES;

    use super::*;

    #[test]
    fn bones_begin_at_the_joints_of_their_side() {
        for (name, bone) in JOINT_NAMES.iter().zip(BONE_OF_JOINT) {
            for side in ["left", "right"] {
                let bone = bone.map_or(String::new(), |bone| bone.name().to_lowercase());
                assert_eq!(name.starts_with(side), bone.starts_with(side), "{name} {bone}");
            }
        }
    }
}
