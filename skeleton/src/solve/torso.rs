//! Hips, spine and chest.

use pose::WorldJoints;

use super::Bones;
use crate::turn::{Turn, direction, frame, twist, twisted};
use crate::{Bone, rest};

/// The rotation of the hips.
pub(super) fn hips(joints: &WorldJoints) -> Option<Turn> {
    let left = direction(&joints[1], &joints[4])?;
    let up = direction(&joints[0], &joints[7]).or_else(|| direction(&joints[0], &joints[8]))?;
    frame((rest::left(), rest::up()), (left, up))
}

/// Spine and chest.
pub(super) fn solve(bones: &mut Bones, joints: &WorldJoints) {
    let spine = direction(&joints[0], &joints[7]);
    let carried = spine.map(|up| bones.carried(Bone::Spine, rest::up(), up));
    bones.set_or_keep(Bone::Spine, carried.map(|turn| (turn, 0.0)));

    let up = direction(&joints[7], &joints[8]);
    let left = direction(&joints[14], &joints[11]);
    let seen = up.zip(left).and_then(|now| frame((rest::up(), rest::left()), now));
    let carried = up.map(|up| bones.carried(Bone::Chest, rest::up(), up));
    if let (Some(spine), Some(carried), Some(seen), Some(up)) = (spine, carried, seen, up) {
        let half = twist(&carried, &seen, &up) / 2.0;
        let turn = twisted(&bones.of(Bone::Spine), &spine, half);
        bones.set(Bone::Spine, turn, 0.0);
    }
    bones.set_or_keep(Bone::Chest, seen.map(|turn| (turn, 1.0)).or(carried.map(|turn| (turn, 0.0))));
}
