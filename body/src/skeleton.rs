//! The 17 joints of a body, and seven landmarks beside them, from the 19 points of `geometry`.
//!
//! | joint | from | |
//! |---|---|---|
//! | hip (root) | midpoint of the hips | derived |
//! | hips, knees, feet | hips, knees, ankles: the "foot" of Human3.6M is the ankle | found |
//! | spine | midpoint of the root and the thorax | derived |
//! | thorax | midpoint of the shoulders | derived |
//! | neck | nose: the "neck" of Human3.6M lies between throat and face | found |
//! | head | beyond the middle of the ears by half its distance from the thorax | derived |
//! | shoulders, elbows, wrists | the points of that name | found |
//!
//! Joint finders place the hip some 55 mm apart from each other; the other limb joints agree within 8 to 37 mm.

use geometry::{POINT_COUNT, Points};
use pose::{JOINTS, Landmarks, WorldJoints};

/// Joints, by their index in [`pose::JOINT_NAMES`], that are computed from several points; all others are points.
pub const DERIVED_JOINTS: [usize; 4] = [0, 7, 8, 10];

/// Per landmark, in the order of [`pose::LANDMARK_NAMES`], its point.
const LANDMARKS: [usize; pose::LANDMARKS] = [0, 1, 2, 15, 16, 17, 18];

/// Per joint its point, unless it is derived.
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

/// The 17 joints of a body, in the unit of its points.
pub fn joints(points: &Points) -> WorldJoints {
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

/// The points that a joint is, or is derived from.
pub(crate) fn sources(joint: usize) -> Vec<usize> {
    match (POINT_OF_JOINT[joint], joint) {
        (Some(point), _) => vec![point],
        (None, 0) => vec![9, 10],
        (None, 7) => vec![9, 10, 3, 4],
        (None, 8) => vec![3, 4],
        (None, _) => vec![1, 2, 3, 4],
    }
}

/// The confidence of each joint from those of the points; of a derived joint, the lowest of its points.
pub fn joint_confidence(points: &[f64; POINT_COUNT]) -> [f64; JOINTS] {
    std::array::from_fn(|joint| sources(joint).into_iter().map(|point| points[point]).fold(1.0, f64::min))
}

/// How many views confirm each joint, from how many come near each point; of a derived joint, the fewest of its points.
/// A joint that no view confirms is placed only by the lengths of its bones.
pub fn joint_views(near_views: &[usize; POINT_COUNT]) -> [usize; JOINTS] {
    std::array::from_fn(|joint| sources(joint).into_iter().map(|point| near_views[point]).min().unwrap_or(0))
}

/// How many views confirm each landmark, from how many come near each point.
pub fn landmark_views(near_views: &[usize; POINT_COUNT]) -> [usize; LANDMARKS.len()] {
    LANDMARKS.map(|point| near_views[point])
}

/// The landmarks of a body, in the order of [`pose::LANDMARK_NAMES`] and the unit of its points.
pub fn landmarks(points: &Points) -> Landmarks {
    LANDMARKS.map(|point| points[point])
}

#[cfg(test)]
mod tests {
    use geometry::POINT_NAMES;
    use nalgebra::Vector3;
    use pose::{JOINT_NAMES, LANDMARK_NAMES, LIMB_JOINTS};

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
        // A joint moves with exactly the points that it is derived from.
        for point in 0..POINT_COUNT {
            let mut moved = points;
            moved[point].y += 100.0;
            for (joint, (before, after)) in joints.iter().zip(super::joints(&moved)).enumerate() {
                assert_eq!(after != *before, sources(joint).contains(&point), "joint {joint}, point {point}");
            }
        }
    }
}
