//! From the 19 points that geometry works with to the 17 joints, and the landmarks beside them.
//!
//! | joint | from | |
//! |---|---|---|
//! | hip (root) | midpoint of the hips | derived |
//! | hips, knees, feet | hips, knees, ankles: the "foot" of Human3.6M is the ankle | found |
//! | spine | midpoint of the root and the thorax | derived |
//! | thorax | midpoint of the shoulders | derived |
//! | neck | nose: the "neck" of Human3.6M lies between throat and face | found |
//! | head | from the middle of the ears, half as far again as they are from the thorax | derived |
//! | shoulders, elbows, wrists | the points of that name | found |
//!
//! What a finder of joints calls a hip differs from what another one does by some 55 mm; the other limb joints agree
//! within 8 to 37 mm.

use geometry::POINT_COUNT;
use nalgebra::Vector3;
use pose::JOINTS;

/// Joints that are computed from points, in the order of [`pose::JOINT_NAMES`]; all others are points.
pub const DERIVED_JOINTS: [usize; 4] = [0, 7, 8, 10];

/// The points that stand beside the joints, for what joints do not tell: how head and feet are turned.
pub const LANDMARK_NAMES: [&str; 7] =
    ["nose", "left ear", "right ear", "left heel", "right heel", "left toe", "right toe"];

const LANDMARKS: [usize; 7] = [0, 1, 2, 15, 16, 17, 18];

/// Of each joint that is a point, which.
const POINT_OF_JOINT: [Option<usize>; JOINTS] = [
    None,
    Some(10),
    Some(12),
    Some(14),
    Some(9),
    Some(11),
    Some(13),
    None,
    None,
    Some(0),
    None,
    Some(3),
    Some(5),
    Some(7),
    Some(4),
    Some(6),
    Some(8),
];

type Points = [Vector3<f64>; POINT_COUNT];

/// The 17 joints of a body, in the unit of its points.
pub fn joints(points: &Points) -> [Vector3<f64>; JOINTS] {
    let middle = |a: usize, b: usize| (points[a] + points[b]) / 2.0;
    let (root, thorax, ears) = (middle(9, 10), middle(3, 4), middle(1, 2));
    let derived = |joint: usize| match joint {
        0 => root,
        7 => (root + thorax) / 2.0,
        8 => thorax,
        _ => ears + (ears - thorax) / 2.0,
    };
    std::array::from_fn(|joint| POINT_OF_JOINT[joint].map_or_else(|| derived(joint), |point| points[point]))
}

/// Of each joint, what it comes from: itself, or the points that it is derived of.
pub(crate) fn sources(joint: usize) -> Vec<usize> {
    match (POINT_OF_JOINT[joint], joint) {
        (Some(point), _) => vec![point],
        (None, 0) => vec![9, 10],
        (None, 7) => vec![9, 10, 3, 4],
        (None, 8) => vec![3, 4],
        (None, _) => vec![1, 2, 3, 4],
    }
}

/// How sure each joint is, from how sure each point is: of a derived joint, the least of what it comes from.
pub fn joint_confidence(points: &[f64; POINT_COUNT]) -> [f64; JOINTS] {
    std::array::from_fn(|joint| sources(joint).into_iter().map(|point| points[point]).fold(1.0, f64::min))
}

/// By how many views each joint is confirmed, from how many come near each point: of a derived joint, the fewest of what it
/// comes from. With none, it stands only where its bones allow.
pub fn joint_views(near_views: &[usize; POINT_COUNT]) -> [usize; JOINTS] {
    std::array::from_fn(|joint| sources(joint).into_iter().map(|point| near_views[point]).min().unwrap_or(0))
}

/// The same for the landmarks.
pub fn landmark_views(near_views: &[usize; POINT_COUNT]) -> [usize; LANDMARKS.len()] {
    LANDMARKS.map(|point| near_views[point])
}

/// The landmarks of a body, as [`LANDMARK_NAMES`] names them.
pub fn landmarks(points: &Points) -> [Vector3<f64>; LANDMARKS.len()] {
    LANDMARKS.map(|point| points[point])
}

#[cfg(test)]
mod tests {
    use geometry::POINT_NAMES;
    use pose::{JOINT_NAMES, LIMB_JOINTS};

    use super::*;

    #[test]
    fn names_of_joints_and_points_agree() {
        for joint in LIMB_JOINTS {
            let name = JOINT_NAMES[joint].replace("foot", "ankle");
            assert_eq!(POINT_NAMES[POINT_OF_JOINT[joint].unwrap()], name);
        }
        assert_eq!(LANDMARKS.map(|point| POINT_NAMES[point]), LANDMARK_NAMES);
        let derived: Vec<usize> = (0..JOINTS).filter(|&joint| POINT_OF_JOINT[joint].is_none()).collect();
        assert_eq!(derived, DERIVED_JOINTS);
    }

    #[test]
    fn derived_joints_lie_between_what_they_come_from() {
        let mut points = [Vector3::zeros(); POINT_COUNT];
        points[3] = Vector3::new(200.0, 0.0, 1400.0);
        points[4] = Vector3::new(-200.0, 0.0, 1400.0);
        points[9] = Vector3::new(100.0, 0.0, 1000.0);
        points[10] = Vector3::new(-100.0, 0.0, 1000.0);
        (points[1], points[2]) = (Vector3::new(70.0, 0.0, 1600.0), Vector3::new(-70.0, 0.0, 1600.0));
        let joints = joints(&points);
        assert_eq!(joints[0], Vector3::new(0.0, 0.0, 1000.0));
        assert_eq!(joints[7], Vector3::new(0.0, 0.0, 1200.0));
        assert_eq!(joints[8], Vector3::new(0.0, 0.0, 1400.0));
        assert_eq!(joints[10], Vector3::new(0.0, 0.0, 1700.0));
        // What a joint is derived of is what moves it.
        for point in 0..POINT_COUNT {
            let mut moved = points;
            moved[point].y += 100.0;
            for (joint, (before, after)) in joints.iter().zip(super::joints(&moved)).enumerate() {
                assert_eq!(after != *before, sources(joint).contains(&point), "joint {joint}, point {point}");
            }
        }
    }
}
