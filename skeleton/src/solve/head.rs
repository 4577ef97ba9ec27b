//! Neck and head.

use pose::WorldJoints;

use super::{Bones, is_finite};
use crate::landmarks::{LEFT_EAR, NOSE, RIGHT_EAR, middle_of_ears};
use crate::turn::{Turn, carry, direction, frame, twist, twisted};
use crate::{Bone, Landmarks, rest};

pub(super) fn solve(bones: &mut Bones, joints: &WorldJoints, landmarks: &Landmarks) {
    let ears = middle_of_ears(landmarks);
    // The crown lies beyond the ears, so it shows the neck, too.
    let along = direction(&joints[8], if is_finite(&ears) { &ears } else { &joints[10] });
    let carried = along.map(|along| bones.carried(Bone::Neck, rest::neck(), along));
    bones.set_or_keep(Bone::Neck, carried.map(|turn| (turn, 0.0)));

    let head = head(&bones.of(Bone::Neck), landmarks);
    if let (Some((head, _)), Some(along)) = (head, along) {
        let neck = bones.of(Bone::Neck);
        let half = twist(&neck, &carry(&head, rest::neck(), along), &along) / 2.0;
        bones.set(Bone::Neck, twisted(&neck, &along, half), 0.0);
    }
    bones.set_or_keep(Bone::Head, head);
}

/// From ears and nose, or what there is of them.
fn head(neck: &Turn, landmarks: &Landmarks) -> Option<(Turn, f64)> {
    let forward = direction(&middle_of_ears(landmarks), &landmarks[NOSE]);
    let left = direction(&landmarks[RIGHT_EAR], &landmarks[LEFT_EAR]);
    match (forward, left) {
        (Some(forward), Some(left)) => {
            let seen = frame((rest::nose(), rest::left()), (forward, left));
            Some(seen.map_or_else(|| (carry(neck, rest::nose(), forward), 0.0), |turn| (turn, 1.0)))
        }
        (Some(forward), None) => Some((carry(neck, rest::nose(), forward), 0.0)),
        (None, Some(left)) => Some((carry(neck, rest::left(), left), 0.0)),
        (None, None) => None,
    }
}
