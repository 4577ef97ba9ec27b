//! Names of joints in motion-capture skeletons.

use crate::actor::{BONES, Bone};

use super::bvh::Bvh;

/// A naming convention for the joints of a skeleton.
pub(crate) struct Convention {
    pub name: &'static str,
    /// Joints that only this convention has.
    marks: &'static [&'static str],
    /// By [`Bone`]; empty for those that it lacks.
    joints: [&'static str; BONES],
}

#[rustfmt::skip]
const CONVENTIONS: [Convention; 4] = [
    // The CMU database in the form of cgspeed's conversions: a bone below Mixamo's first of the spine.
    Convention {
        name: "CMU",
        marks: &["LowerBack"],
        joints: [
            "Hips", "LowerBack", "Spine", "Spine1", "Neck", "Head",
            "LeftShoulder", "LeftArm", "LeftForeArm", "LeftHand",
            "RightShoulder", "RightArm", "RightForeArm", "RightHand",
            "LeftUpLeg", "LeftLeg", "LeftFoot", "LeftToeBase",
            "RightUpLeg", "RightLeg", "RightFoot", "RightToeBase",
        ],
    },
    Convention {
        name: "Daz",
        marks: &["abdomen", "lShldr"],
        joints: [
            "hip", "abdomen", "", "chest", "neck", "head",
            "lCollar", "lShldr", "lForeArm", "lHand",
            "rCollar", "rShldr", "rForeArm", "rHand",
            "lThigh", "lShin", "lFoot", "",
            "rThigh", "rShin", "rFoot", "",
        ],
    },
    Convention {
        name: "DeepMimic",
        marks: &["right_shoulder", "right_hip"],
        joints: [
            "root", "", "", "chest", "neck", "",
            "", "left_shoulder", "left_elbow", "left_wrist",
            "", "right_shoulder", "right_elbow", "right_wrist",
            "left_hip", "left_knee", "left_ankle", "",
            "right_hip", "right_knee", "right_ankle", "",
        ],
    },
    Convention {
        name: "Mixamo",
        marks: &["Spine2"],
        joints: [
            "Hips", "Spine", "Spine1", "Spine2", "Neck", "Head",
            "LeftShoulder", "LeftArm", "LeftForeArm", "LeftHand",
            "RightShoulder", "RightArm", "RightForeArm", "RightHand",
            "LeftUpLeg", "LeftLeg", "LeftFoot", "LeftToeBase",
            "RightUpLeg", "RightLeg", "RightFoot", "RightToeBase",
        ],
    },
];

impl Convention {
    /// The convention of a file: the one whose characteristic joints it has, else the one with most of its joints.
    pub fn of(bvh: &Bvh) -> &'static Self {
        let known =
            |convention: &Self| Bone::ALL.into_iter().filter(|&bone| convention.find(bvh, bone).is_some()).count();
        let marked = |convention: &Self| convention.marks.iter().all(|mark| find(bvh, mark).is_some());
        let by_fit = CONVENTIONS.iter().max_by_key(|convention| (marked(convention), known(convention)));
        by_fit.unwrap_or(&CONVENTIONS[3])
    }

    /// Empty where it has none.
    pub fn joint(&self, bone: Bone) -> &'static str {
        self.joints[bone.index()]
    }

    /// The joint of a file that is this bone.
    pub fn find(&self, bvh: &Bvh, bone: Bone) -> Option<usize> {
        let name = self.joint(bone);
        if name.is_empty() { None } else { find(bvh, name) }
    }
}

/// The joint of that name, with or without Mixamo's namespace.
fn find(bvh: &Bvh, name: &str) -> Option<usize> {
    bvh.joints.iter().position(|joint| joint.name.rsplit(':').next() == Some(name))
}
