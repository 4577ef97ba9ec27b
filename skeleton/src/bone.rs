//! The bones of a humanoid skeleton.

/// A bone, with the name that VRM and VMC have for it. It begins at its joint and turns about it.
///
/// | bone | begins at |
/// |---|---|
/// | `Hips` | the middle of the hips (joint 0) |
/// | `Spine` | there, too: the pelvis turns with the hips, the spine with the back |
/// | `Chest` | the middle of the back (joint 7, "spine") |
/// | `Neck`, shoulders | the base of the neck (joint 8, "thorax") |
/// | `Head` | the middle of the ears |
/// | upper arms, lower arms, hands | shoulders, elbows, wrists |
/// | upper legs, lower legs, feet | hips, knees, ankles |
///
/// There are no bones of toes and fingers: nothing tells how they bend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Bone {
    Hips,
    Spine,
    Chest,
    Neck,
    Head,
    LeftShoulder,
    LeftUpperArm,
    LeftLowerArm,
    LeftHand,
    RightShoulder,
    RightUpperArm,
    RightLowerArm,
    RightHand,
    LeftUpperLeg,
    LeftLowerLeg,
    LeftFoot,
    RightUpperLeg,
    RightLowerLeg,
    RightFoot,
}

impl Bone {
    /// How many bones there are.
    pub const COUNT: usize = 19;

    /// All bones. A parent stands before its children, and a bone at its [`index`](Self::index).
    pub const ALL: [Self; Self::COUNT] = [
        Self::Hips,
        Self::Spine,
        Self::Chest,
        Self::Neck,
        Self::Head,
        Self::LeftShoulder,
        Self::LeftUpperArm,
        Self::LeftLowerArm,
        Self::LeftHand,
        Self::RightShoulder,
        Self::RightUpperArm,
        Self::RightLowerArm,
        Self::RightHand,
        Self::LeftUpperLeg,
        Self::LeftLowerLeg,
        Self::LeftFoot,
        Self::RightUpperLeg,
        Self::RightLowerLeg,
        Self::RightFoot,
    ];

    /// Its position in all arrays of bones.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The bone that it turns with; `None` of the hips.
    pub const fn parent(self) -> Option<Self> {
        Some(match self {
            Self::Hips => return None,
            Self::Spine | Self::LeftUpperLeg | Self::RightUpperLeg => Self::Hips,
            Self::Chest => Self::Spine,
            Self::Neck | Self::LeftShoulder | Self::RightShoulder => Self::Chest,
            Self::Head => Self::Neck,
            Self::LeftUpperArm => Self::LeftShoulder,
            Self::LeftLowerArm => Self::LeftUpperArm,
            Self::LeftHand => Self::LeftLowerArm,
            Self::RightUpperArm => Self::RightShoulder,
            Self::RightLowerArm => Self::RightUpperArm,
            Self::RightHand => Self::RightLowerArm,
            Self::LeftLowerLeg => Self::LeftUpperLeg,
            Self::LeftFoot => Self::LeftLowerLeg,
            Self::RightLowerLeg => Self::RightUpperLeg,
            Self::RightFoot => Self::RightLowerLeg,
        })
    }

    /// Its name as VMC, Unity and BVH files write it. VRM 1.0 begins it with a small letter.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hips => "Hips",
            Self::Spine => "Spine",
            Self::Chest => "Chest",
            Self::Neck => "Neck",
            Self::Head => "Head",
            Self::LeftShoulder => "LeftShoulder",
            Self::LeftUpperArm => "LeftUpperArm",
            Self::LeftLowerArm => "LeftLowerArm",
            Self::LeftHand => "LeftHand",
            Self::RightShoulder => "RightShoulder",
            Self::RightUpperArm => "RightUpperArm",
            Self::RightLowerArm => "RightLowerArm",
            Self::RightHand => "RightHand",
            Self::LeftUpperLeg => "LeftUpperLeg",
            Self::LeftLowerLeg => "LeftLowerLeg",
            Self::LeftFoot => "LeftFoot",
            Self::RightUpperLeg => "RightUpperLeg",
            Self::RightLowerLeg => "RightLowerLeg",
            Self::RightFoot => "RightFoot",
        }
    }

    /// The bones that turn with it.
    pub fn children(self) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |bone| bone.parent() == Some(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bones_stand_at_their_index_behind_their_parent() {
        for (index, bone) in Bone::ALL.into_iter().enumerate() {
            assert_eq!(bone.index(), index);
            assert_eq!(bone.name(), format!("{bone:?}"));
            assert_eq!(bone.parent().is_none(), bone == Bone::Hips);
            assert!(bone.parent().is_none_or(|parent| parent.index() < index), "{bone:?}");
        }
    }

    #[test]
    fn left_and_right_are_alike() {
        for bone in Bone::ALL.into_iter().filter(|bone| bone.name().starts_with("Left")) {
            let name = |bone: Bone| bone.name().replace("Left", "Right");
            let right = Bone::ALL.into_iter().find(|right| right.name() == name(bone)).unwrap();
            assert_eq!(right.parent().map(Bone::name), bone.parent().map(name).as_deref());
        }
    }
}
