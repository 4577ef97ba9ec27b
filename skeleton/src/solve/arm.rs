//! Shoulders and arms.

use pose::WorldJoints;

use super::{Bones, hinge};
use crate::turn::{Direction, Turn, direction, frame, twist, twisted};
use crate::{Bone, rest};

/// One side.
struct Arm {
    /// Shoulder, upper arm, lower arm, hand.
    bones: [Bone; 4],
    /// Shoulder, elbow, wrist.
    joints: [usize; 3],
    /// Where it points at rest.
    rest: Direction,
    /// 1 where the elbow, at rest, bends about the axis that points up, -1 where that points down.
    bends: f64,
}

pub(super) fn solve(bones: &mut Bones, joints: &WorldJoints) {
    let left = [Bone::LeftShoulder, Bone::LeftUpperArm, Bone::LeftLowerArm, Bone::LeftHand];
    let right = [Bone::RightShoulder, Bone::RightUpperArm, Bone::RightLowerArm, Bone::RightHand];
    solve_side(bones, joints, &Arm { bones: left, joints: [11, 12, 13], rest: rest::left(), bends: -1.0 });
    solve_side(bones, joints, &Arm { bones: right, joints: [14, 15, 16], rest: -rest::left(), bends: 1.0 });
}

fn solve_side(bones: &mut Bones, joints: &WorldJoints, arm: &Arm) {
    let [shoulder, upper, lower, hand] = arm.bones;
    let [at_shoulder, at_elbow, at_wrist] = arm.joints.map(|joint| joints[joint]);
    let to_shoulder = direction(&joints[8], &at_shoulder);
    let carried = to_shoulder.map(|along| (bones.carried(shoulder, arm.rest, along), 0.0));
    bones.set_or_keep(shoulder, carried);

    let (along, beyond) = (direction(&at_shoulder, &at_elbow), direction(&at_elbow, &at_wrist));
    let turn = along.map(|along| {
        let straight = bones.carried(upper, arm.rest, along);
        beyond.map_or((straight, 0.0), |beyond| bent(arm, &straight, along, beyond))
    });
    bones.set_or_keep(upper, turn);

    let twist_known = turn.map_or(0.0, |(_, twist_known)| twist_known);
    let carried = beyond.map(|beyond| (bones.carried(lower, arm.rest, beyond), twist_known));
    bones.set_or_keep(lower, carried);
    bones.keep(hand);
}

/// The upper arm's rotation, and how far its twist was seen.
fn bent(arm: &Arm, straight: &Turn, along: Direction, beyond: Direction) -> (Turn, f64) {
    let Some(axis) = Direction::try_new(along.cross(&beyond) * arm.bends, f64::EPSILON) else {
        return (*straight, 0.0);
    };
    let Some(seen) = frame((arm.rest, rest::up()), (along, axis)) else {
        return (*straight, 0.0);
    };
    let angle = twist(straight, &seen, &along);
    let weight = hinge::weight(along.angle(&beyond), angle);
    (twisted(straight, &along, weight * angle), weight)
}
