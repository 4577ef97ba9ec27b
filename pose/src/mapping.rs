//! The 17 joints from the 21 markers of OpenPose BODY_25B, as Pose2Sim triangulates them.
//!
//! | joint | from | |
//! |---|---|---|
//! | hip (root) | midpoint of RHip and LHip | derived |
//! | hips, knees | RHip LHip RKnee LKnee | measured |
//! | feet | RAnkle LAnkle: the "foot" of Human3.6M is the ankle | measured |
//! | spine | midpoint of the root and Neck | derived |
//! | thorax | Neck | measured |
//! | neck | Nose: the "neck" of Human3.6M lies between throat and face | measured |
//! | head | Head, the top of the head | measured |
//! | shoulders, elbows, wrists | the markers of that name | measured |
//!
//! Toes and heels are not used. Detectors differ in what they call a hip or a neck; errors on the 12
//! [limb joints](crate::LIMB_JOINTS) compare best with other work.

use nalgebra::Vector3;

use crate::trc::Trc;
use crate::{JOINTS, WorldJoints};

/// How the joints of a label were made, as the label file says it.
pub const JOINT_SET: &str = "Human3.6M 17 from BODY_25B markers: hip and spine derived (midpoint of the hips, midpoint \
    of root and neck), thorax = Neck, neck = Nose, feet = ankles, the others as measured";

/// The joints that [`JOINT_SET`] derives; all others are measured.
pub const DERIVED_JOINTS: [usize; 2] = [0, 7];

/// Per joint the markers and weights of its mean. The root enters the spine through both hips, at a quarter each.
const SOURCES: [&[(&str, f64)]; JOINTS] = [
    &[("RHip", 0.5), ("LHip", 0.5)],
    &[("RHip", 1.0)],
    &[("RKnee", 1.0)],
    &[("RAnkle", 1.0)],
    &[("LHip", 1.0)],
    &[("LKnee", 1.0)],
    &[("LAnkle", 1.0)],
    &[("RHip", 0.25), ("LHip", 0.25), ("Neck", 0.5)],
    &[("Neck", 1.0)],
    &[("Nose", 1.0)],
    &[("Head", 1.0)],
    &[("LShoulder", 1.0)],
    &[("LElbow", 1.0)],
    &[("LWrist", 1.0)],
    &[("RShoulder", 1.0)],
    &[("RElbow", 1.0)],
    &[("RWrist", 1.0)],
];

/// The mapping, resolved against the marker names of one file.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// Per joint, `(marker index, weight)`.
    joints: Vec<Vec<(usize, f64)>>,
}

impl Mapping {
    /// Finds the needed markers in a file.
    ///
    /// # Errors
    /// The names of those that the file lacks.
    pub fn new(trc: &Trc) -> Result<Self, String> {
        let mut missing = Vec::new();
        let mut resolve = |&(marker, weight): &(&'static str, f64)| {
            let index = trc.names.iter().position(|name| name == marker);
            if index.is_none() && !missing.contains(&marker) {
                missing.push(marker);
            }
            index.map(|index| (index, weight))
        };
        let joints = SOURCES.iter().map(|sources| sources.iter().filter_map(&mut resolve).collect()).collect();
        if missing.is_empty() { Ok(Self { joints }) } else { Err(format!("no marker {}", missing.join(", "))) }
    }

    /// The 17 joints in the unit of the markers, or `None` if a needed one was not seen.
    pub fn joints(&self, markers: &[Option<Vector3<f64>>]) -> Option<WorldJoints> {
        let mut joints = [Vector3::zeros(); JOINTS];
        for (joint, sources) in joints.iter_mut().zip(&self.joints) {
            for &(marker, weight) in sources {
                *joint += markers.get(marker).copied()?? * weight;
            }
        }
        Some(joints)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_means() {
        for sources in SOURCES {
            assert_eq!(sources.iter().map(|(_, weight)| weight).sum::<f64>(), 1.0);
        }
        for (joint, sources) in SOURCES.iter().enumerate() {
            assert_eq!(sources.len() > 1, DERIVED_JOINTS.contains(&joint));
        }
    }

    #[test]
    fn missing_markers_are_named_once() {
        let mut trc = Trc { rate_hz: 60.0, names: Vec::new(), frames: Vec::new() };
        trc.names = SOURCES.iter().flat_map(|s| s.iter()).map(|(name, _)| (*name).to_owned()).collect();
        trc.names.retain(|name| name != "RHip" && name != "Nose");
        assert_eq!(Mapping::new(&trc).unwrap_err(), "no marker RHip, Nose");
    }
}
