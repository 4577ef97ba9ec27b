//! Names of joints in rigged models.

use super::skeleton::Bone;

/// Names by bone, as [`plain`] writes them: Mixamo's first, then VRM's and what Blender exports.
const NAMES: [(Bone, &[&str]); super::BONES] = [
    (Bone::Hips, &["hips", "hip", "pelvis"]),
    (Bone::Spine, &["spine"]),
    (Bone::Chest, &["spine1", "chest"]),
    (Bone::UpperChest, &["spine2", "upperchest"]),
    (Bone::Neck, &["neck"]),
    (Bone::Head, &["head"]),
    (Bone::LeftShoulder, &["leftshoulder", "shoulderl", "leftcollar"]),
    (Bone::LeftArm, &["leftarm", "leftupperarm", "upperarml"]),
    (Bone::LeftForeArm, &["leftforearm", "leftlowerarm", "forearml", "lowerarml"]),
    (Bone::LeftHand, &["lefthand", "handl"]),
    (Bone::RightShoulder, &["rightshoulder", "shoulderr", "rightcollar"]),
    (Bone::RightArm, &["rightarm", "rightupperarm", "upperarmr"]),
    (Bone::RightForeArm, &["rightforearm", "rightlowerarm", "forearmr", "lowerarmr"]),
    (Bone::RightHand, &["righthand", "handr"]),
    (Bone::LeftUpLeg, &["leftupleg", "leftupperleg", "thighl", "upperlegl"]),
    (Bone::LeftLeg, &["leftleg", "leftlowerleg", "shinl", "lowerlegl", "calfl"]),
    (Bone::LeftFoot, &["leftfoot", "footl"]),
    (Bone::LeftToe, &["lefttoebase", "lefttoes", "toel"]),
    (Bone::RightUpLeg, &["rightupleg", "rightupperleg", "thighr", "upperlegr"]),
    (Bone::RightLeg, &["rightleg", "rightlowerleg", "shinr", "lowerlegr", "calfr"]),
    (Bone::RightFoot, &["rightfoot", "footr"]),
    (Bone::RightToe, &["righttoebase", "righttoes", "toer"]),
];

/// The names of a bone.
pub(crate) fn names(bone: Bone) -> &'static [&'static str] {
    NAMES[bone.index()].1
}

/// The bone of that name.
pub(crate) fn bone(name: &str) -> Option<Bone> {
    let name = plain(name);
    NAMES.iter().find(|(_, names)| names.contains(&name.as_str())).map(|&(bone, _)| bone)
}

/// Whether every body must have it.
pub(crate) fn is_required(bone: Bone) -> bool {
    !matches!(
        bone,
        Bone::Chest | Bone::UpperChest | Bone::LeftShoulder | Bone::RightShoulder | Bone::LeftToe | Bone::RightToe
    )
}

/// A name without its namespace (`mixamorig:`), separators and case.
fn plain(name: &str) -> String {
    let name = name.rsplit(':').next().unwrap_or(name);
    let name = name.strip_prefix("mixamorig").unwrap_or(name);
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_unambiguous() {
        let mut all: Vec<&str> = NAMES.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        assert!(NAMES.iter().map(|row| row.0).eq(Bone::ALL));
        all.sort_unstable();
        assert!(all.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn spellings_of_several_tools_are_known() {
        for name in ["mixamorig:LeftForeArm", "mixamorig_LeftForeArm", "leftLowerArm", "forearm.L", "LeftForeArm"] {
            assert_eq!(bone(name), Some(Bone::LeftForeArm), "{name}");
        }
        assert_eq!(bone("LeftHandThumb1"), None);
    }
}
