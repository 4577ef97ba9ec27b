//! Legs and feet.

use nalgebra::Vector3;
use pose::WorldJoints;

use super::{Bones, hinge};
use crate::turn::{Direction, Turn, across, direction, frame, smooth_step, twist, twisted};
use crate::{Bone, Landmarks, rest};

/// Between these sines of the angle from leg to foot, the foot begins to tell which way a straight leg faces.
const FOOT_ACROSS_LEG: (f64, f64) = (0.2, 0.5);

/// Between these twists, in degrees, a foot ceases to be believed.
const FOOT_BACKWARD: (f64, f64) = (120.0, 170.0);

/// One side.
struct Leg {
    /// Upper leg, lower leg, foot.
    bones: [Bone; 3],
    /// Hip, knee, ankle.
    joints: [usize; 3],
    /// Heel, toe.
    landmarks: [usize; 2],
}

pub(super) fn solve(bones: &mut Bones, joints: &WorldJoints, landmarks: &Landmarks) {
    let left = [Bone::LeftUpperLeg, Bone::LeftLowerLeg, Bone::LeftFoot];
    let right = [Bone::RightUpperLeg, Bone::RightLowerLeg, Bone::RightFoot];
    solve_side(bones, joints, landmarks, &Leg { bones: left, joints: [4, 5, 6], landmarks: [3, 5] });
    solve_side(bones, joints, landmarks, &Leg { bones: right, joints: [1, 2, 3], landmarks: [4, 6] });
}

fn solve_side(bones: &mut Bones, joints: &WorldJoints, landmarks: &Landmarks, leg: &Leg) {
    let [upper, lower, foot] = leg.bones;
    let [hip, knee, ankle] = leg.joints.map(|joint| joints[joint]);
    let [heel, toe] = leg.landmarks.map(|landmark| landmarks[landmark]);
    let (thigh, shin, sole) = (direction(&hip, &knee), direction(&knee, &ankle), direction(&heel, &toe));

    let turn = thigh.map(|thigh| upper_leg(&bones.carried(upper, rest::down(), thigh), thigh, shin, sole));
    bones.set_or_keep(upper, turn);

    // The knee is a hinge: about its axis the shortest way leads from thigh to shin.
    let twist_known = turn.map_or(0.0, |(_, twist_known)| twist_known);
    let carried = shin.map(|shin| (bones.carried(lower, rest::down(), shin), twist_known));
    bones.set_or_keep(lower, carried);

    let turn = sole.map(|sole| {
        let seen = foot_up(sole, shin, direction(&heel, &ankle))
            .and_then(|up| frame((rest::forward(), rest::up()), (sole, up)))
            .map(|turn| (turn, 1.0));
        seen.unwrap_or_else(|| (bones.carried(foot, rest::forward(), sole), 0.0))
    });
    bones.set_or_keep(foot, turn);
}

/// The upper leg's rotation, and how far its twist was seen.
fn upper_leg(carried: &Turn, thigh: Direction, shin: Option<Direction>, sole: Option<Direction>) -> (Turn, f64) {
    let (straight, by_foot) = sole.map_or((0.0, 0.0), |sole| by_foot(carried, thigh, sole));
    let (bent, by_knee) = shin.map_or((0.0, 0.0), |shin| by_knee(carried, thigh, shin));
    let angle = by_foot * straight * (1.0 - by_knee) + by_knee * bent;
    (twisted(carried, &thigh, angle), 1.0 - (1.0 - by_foot) * (1.0 - by_knee))
}

/// The twist that the foot's direction tells, and its weight.
fn by_foot(carried: &Turn, thigh: Direction, sole: Direction) -> (f64, f64) {
    let Some(seen) = frame((rest::down(), rest::forward()), (thigh, sole)) else {
        return (0.0, 0.0);
    };
    let angle = twist(carried, &seen, &thigh);
    let across = smooth_step(FOOT_ACROSS_LEG.0, FOOT_ACROSS_LEG.1, thigh.cross(&sole).norm());
    let (from, to) = FOOT_BACKWARD;
    (angle, across * (1.0 - smooth_step(from, to, angle.abs().to_degrees())))
}

/// The twist that the knee's plane tells, and its weight.
fn by_knee(carried: &Turn, thigh: Direction, shin: Direction) -> (f64, f64) {
    let axis = Direction::try_new(thigh.cross(&shin), f64::EPSILON);
    let Some(seen) = axis.and_then(|axis| frame((rest::down(), rest::left()), (thigh, axis))) else {
        return (0.0, 0.0);
    };
    let angle = twist(carried, &seen, &thigh);
    (angle, hinge::weight(thigh.angle(&shin), angle))
}

/// Which way is up for a foot: as the shin and the ankle's height over the sole have it, both alike.
fn foot_up(sole: Direction, shin: Option<Direction>, heel_to_ankle: Option<Direction>) -> Option<Direction> {
    let zero = Vector3::zeros();
    let by_shin = shin.map_or(zero, |shin| -*shin);
    let by_ankle = heel_to_ankle.map_or(zero, |up| *up);
    across(&(by_shin + by_ankle), &sole)
}
