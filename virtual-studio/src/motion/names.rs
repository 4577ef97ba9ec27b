//! What the joints of motion-capture skeletons are called.

use crate::actor::Bone;

use super::bvh::Bvh;

/// One way to name the joints of a skeleton.
pub(crate) struct Convention {
    pub name: &'static str,
    /// Joints that only this convention has.
    marks: &'static [&'static str],
    joints: &'static [(Bone, &'static str)],
}

/// The CMU database in the form of cgspeed's conversions: a bone below Mixamo's first of the spine.
const CMU: Convention = Convention {
    name: "CMU",
    marks: &["LowerBack"],
    joints: &[
        (Bone::Hips, "Hips"),
        (Bone::Spine, "LowerBack"),
        (Bone::Chest, "Spine"),
        (Bone::UpperChest, "Spine1"),
        (Bone::Neck, "Neck"),
        (Bone::Head, "Head"),
        (Bone::LeftShoulder, "LeftShoulder"),
        (Bone::LeftArm, "LeftArm"),
        (Bone::LeftForeArm, "LeftForeArm"),
        (Bone::LeftHand, "LeftHand"),
        (Bone::RightShoulder, "RightShoulder"),
        (Bone::RightArm, "RightArm"),
        (Bone::RightForeArm, "RightForeArm"),
        (Bone::RightHand, "RightHand"),
        (Bone::LeftUpLeg, "LeftUpLeg"),
        (Bone::LeftLeg, "LeftLeg"),
        (Bone::LeftFoot, "LeftFoot"),
        (Bone::LeftToe, "LeftToeBase"),
        (Bone::RightUpLeg, "RightUpLeg"),
        (Bone::RightLeg, "RightLeg"),
        (Bone::RightFoot, "RightFoot"),
        (Bone::RightToe, "RightToeBase"),
    ],
};

const DAZ: Convention = Convention {
    name: "Daz",
    marks: &["abdomen", "lShldr"],
    joints: &[
        (Bone::Hips, "hip"),
        (Bone::Spine, "abdomen"),
        (Bone::UpperChest, "chest"),
        (Bone::Neck, "neck"),
        (Bone::Head, "head"),
        (Bone::LeftShoulder, "lCollar"),
        (Bone::LeftArm, "lShldr"),
        (Bone::LeftForeArm, "lForeArm"),
        (Bone::LeftHand, "lHand"),
        (Bone::RightShoulder, "rCollar"),
        (Bone::RightArm, "rShldr"),
        (Bone::RightForeArm, "rForeArm"),
        (Bone::RightHand, "rHand"),
        (Bone::LeftUpLeg, "lThigh"),
        (Bone::LeftLeg, "lShin"),
        (Bone::LeftFoot, "lFoot"),
        (Bone::RightUpLeg, "rThigh"),
        (Bone::RightLeg, "rShin"),
        (Bone::RightFoot, "rFoot"),
    ],
};

const DEEP_MIMIC: Convention = Convention {
    name: "DeepMimic",
    marks: &["right_shoulder", "right_hip"],
    joints: &[
        (Bone::Hips, "root"),
        (Bone::UpperChest, "chest"),
        (Bone::Neck, "neck"),
        (Bone::LeftArm, "left_shoulder"),
        (Bone::LeftForeArm, "left_elbow"),
        (Bone::LeftHand, "left_wrist"),
        (Bone::RightArm, "right_shoulder"),
        (Bone::RightForeArm, "right_elbow"),
        (Bone::RightHand, "right_wrist"),
        (Bone::LeftUpLeg, "left_hip"),
        (Bone::LeftLeg, "left_knee"),
        (Bone::LeftFoot, "left_ankle"),
        (Bone::RightUpLeg, "right_hip"),
        (Bone::RightLeg, "right_knee"),
        (Bone::RightFoot, "right_ankle"),
    ],
};

const MIXAMO: Convention = Convention {
    name: "Mixamo",
    marks: &["Spine2"],
    joints: &[
        (Bone::Hips, "Hips"),
        (Bone::Spine, "Spine"),
        (Bone::Chest, "Spine1"),
        (Bone::UpperChest, "Spine2"),
        (Bone::Neck, "Neck"),
        (Bone::Head, "Head"),
        (Bone::LeftShoulder, "LeftShoulder"),
        (Bone::LeftArm, "LeftArm"),
        (Bone::LeftForeArm, "LeftForeArm"),
        (Bone::LeftHand, "LeftHand"),
        (Bone::RightShoulder, "RightShoulder"),
        (Bone::RightArm, "RightArm"),
        (Bone::RightForeArm, "RightForeArm"),
        (Bone::RightHand, "RightHand"),
        (Bone::LeftUpLeg, "LeftUpLeg"),
        (Bone::LeftLeg, "LeftLeg"),
        (Bone::LeftFoot, "LeftFoot"),
        (Bone::LeftToe, "LeftToeBase"),
        (Bone::RightUpLeg, "RightUpLeg"),
        (Bone::RightLeg, "RightLeg"),
        (Bone::RightFoot, "RightFoot"),
        (Bone::RightToe, "RightToeBase"),
    ],
};

const CONVENTIONS: [Convention; 4] = [CMU, DAZ, DEEP_MIMIC, MIXAMO];

impl Convention {
    /// The one that a file follows: the one whose marks it bears, else the one that knows most of its joints.
    pub fn of(bvh: &Bvh) -> &'static Self {
        let known = |convention: &Self| convention.joints.iter().filter(|(_, name)| find(bvh, name).is_some()).count();
        let marked = |convention: &Self| convention.marks.iter().all(|mark| find(bvh, mark).is_some());
        let by_fit = CONVENTIONS.iter().max_by_key(|convention| (marked(convention), known(convention)));
        by_fit.unwrap_or(&MIXAMO)
    }

    pub fn joint(&self, bone: Bone) -> Option<&'static str> {
        self.joints.iter().find(|(known, _)| *known == bone).map(|&(_, name)| name)
    }
}

/// The joint of that name, with or without Mixamo's namespace.
pub(crate) fn find(bvh: &Bvh, name: &str) -> Option<usize> {
    bvh.joints.iter().position(|joint| joint.name.rsplit(':').next() == Some(name))
}
