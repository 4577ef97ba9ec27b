//! The 19 points of a person, their mirror images, and the bones between them.

use nalgebra::Vector3;

use crate::median::median;

/// How many points a person has.
pub const POINT_COUNT: usize = 19;

/// A person's points in the world, in millimetres.
pub type Points = [Vector3<f64>; POINT_COUNT];

/// How many groups of bones share one length.
pub const GROUP_COUNT: usize = 13;

/// The names of the points, in the order of all arrays of points. Left and right are the person's.
pub const POINT_NAMES: [&str; POINT_COUNT] = [
    "nose",
    "left ear",
    "right ear",
    "left shoulder",
    "right shoulder",
    "left elbow",
    "right elbow",
    "left wrist",
    "right wrist",
    "left hip",
    "right hip",
    "left knee",
    "right knee",
    "left ankle",
    "right ankle",
    "left heel",
    "right heel",
    "left toe",
    "right toe",
];

/// Per point its mirror image, the point it becomes when left and right are exchanged.
pub const EXCHANGED: [usize; POINT_COUNT] = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15, 18, 17];

pub(crate) const LEFT_HIP: usize = 9;
pub(crate) const RIGHT_HIP: usize = 10;

/// Two points with a constant distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bone {
    /// The bones of a group, left and right, have one length.
    pub group: usize,
    /// One end, as an index of a point.
    pub from: usize,
    /// The other end, as an index of a point.
    pub to: usize,
}

const fn bone(group: usize, from: usize, to: usize) -> Bone {
    Bone { group, from, to }
}

/// All bones: limbs, and distances across head, torso and feet that hardly change.
pub const BONES: [Bone; 23] = [
    bone(0, 3, 5),
    bone(0, 4, 6),
    bone(1, 5, 7),
    bone(1, 6, 8),
    bone(2, 9, 11),
    bone(2, 10, 12),
    bone(3, 11, 13),
    bone(3, 12, 14),
    bone(4, 3, 4),
    bone(5, 9, 10),
    bone(6, 3, 9),
    bone(6, 4, 10),
    bone(7, 13, 15),
    bone(7, 14, 16),
    bone(8, 13, 17),
    bone(8, 14, 18),
    bone(9, 1, 2),
    bone(10, 0, 1),
    bone(10, 0, 2),
    bone(11, 3, 10),
    bone(11, 4, 9),
    bone(12, 15, 17),
    bone(12, 16, 18),
];

/// The median length of each group of bones over instants, in the unit of the points; zero without instants.
pub fn bone_lengths<'a>(instants: impl IntoIterator<Item = &'a [Vector3<f64>; POINT_COUNT]>) -> [f64; GROUP_COUNT] {
    let mut lengths: [Vec<f64>; GROUP_COUNT] = Default::default();
    for points in instants {
        for bone in &BONES {
            lengths[bone.group].push((points[bone.from] - points[bone.to]).norm());
        }
    }
    lengths.map(|mut of_group| median(&mut of_group).unwrap_or(0.0))
}
