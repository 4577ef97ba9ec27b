//! The markers of a body in files of marker tracks, named as in OpenPose and Pose2Sim.

use nalgebra::Vector3;
use pose::{Landmarks, WorldJoints};

/// How many markers there are.
pub const MARKER_COUNT: usize = 22;

/// Where a marker comes from: a joint by its index in [`pose::JOINT_NAMES`], or a landmark by its index in
/// [`pose::LANDMARK_NAMES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkerSource {
    /// A joint.
    Joint(usize),
    /// A landmark.
    Landmark(usize),
}

/// All markers, in the order of their files.
pub const MARKERS: [(&str, MarkerSource); MARKER_COUNT] = [
    ("Hip", MarkerSource::Joint(0)),
    ("RHip", MarkerSource::Joint(1)),
    ("RKnee", MarkerSource::Joint(2)),
    ("RAnkle", MarkerSource::Joint(3)),
    ("RBigToe", MarkerSource::Landmark(6)),
    ("RHeel", MarkerSource::Landmark(4)),
    ("LHip", MarkerSource::Joint(4)),
    ("LKnee", MarkerSource::Joint(5)),
    ("LAnkle", MarkerSource::Joint(6)),
    ("LBigToe", MarkerSource::Landmark(5)),
    ("LHeel", MarkerSource::Landmark(3)),
    ("Neck", MarkerSource::Joint(8)),
    ("Head", MarkerSource::Joint(10)),
    ("Nose", MarkerSource::Landmark(0)),
    ("REar", MarkerSource::Landmark(2)),
    ("LEar", MarkerSource::Landmark(1)),
    ("RShoulder", MarkerSource::Joint(14)),
    ("RElbow", MarkerSource::Joint(15)),
    ("RWrist", MarkerSource::Joint(16)),
    ("LShoulder", MarkerSource::Joint(11)),
    ("LElbow", MarkerSource::Joint(12)),
    ("LWrist", MarkerSource::Joint(13)),
];

/// A body with the number of views that confirm each joint and landmark.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfirmedBody {
    /// The joints.
    pub joints: WorldJoints,
    /// The landmarks.
    pub landmarks: Landmarks,
    /// Per joint.
    pub joint_views: [usize; pose::JOINTS],
    /// Per landmark.
    pub landmark_views: [usize; pose::LANDMARKS],
}

impl ConfirmedBody {
    /// The places of all [`MARKERS`]; `None` for those that no view confirms.
    pub fn markers(&self) -> [Option<Vector3<f64>>; MARKER_COUNT] {
        MARKERS.map(|(_, source)| {
            let (place, views) = match source {
                MarkerSource::Joint(joint) => (self.joints[joint], self.joint_views[joint]),
                MarkerSource::Landmark(landmark) => (self.landmarks[landmark], self.landmark_views[landmark]),
            };
            (views > 0).then_some(place)
        })
    }
}

#[cfg(test)]
mod tests {
    use pose::{JOINT_NAMES, LANDMARK_NAMES};

    use super::*;

    #[test]
    fn names_of_markers_and_of_their_sources_agree() {
        for (name, source) in MARKERS {
            let known = match source {
                MarkerSource::Joint(joint) => JOINT_NAMES[joint],
                MarkerSource::Landmark(landmark) => LANDMARK_NAMES[landmark],
            };
            let side = match name.as_bytes() {
                [b'R', b'A'..=b'Z', ..] => "right ",
                [b'L', b'A'..=b'Z', ..] => "left ",
                _ => "",
            };
            let word = name.trim_start_matches(['R', 'L']).to_lowercase();
            let word = if side.is_empty() { name.to_lowercase() } else { word };
            let word = word.replace("bigtoe", "toe").replace("ankle", "foot");
            let expected = if name == "Neck" { "thorax".to_owned() } else { format!("{side}{word}") };
            assert_eq!(expected, known, "{name}");
        }
    }
}
