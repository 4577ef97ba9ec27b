//! The 17 joints from the markers of a file, whichever of the usual sets they are: OpenPose's, HALPE's and COCO's
//! (as Pose2Sim triangulates them), OpenSim's, Vicon's Plug-in Gait, as skin markers or as joint centres, and the origins
//! of Theia's segments.
//!
//! | joint | from | |
//! |---|---|---|
//! | hip (root) | midpoint of the hips | derived |
//! | hips | markers of joint centres; else from the pelvis, by Harrington's regression (2007) | measured; derived |
//! | knees, ankles, elbows, wrists | joint centres; else the middle of lateral and medial markers; else the lateral one | measured; derived; on the skin |
//! | feet | the ankles: the "foot" of Human3.6M is the ankle | as those |
//! | spine | midpoint of the root and the thorax | derived |
//! | thorax | Neck; else the middle of C7 and CLAV, or of the shoulders | measured; derived |
//! | neck | Nose: the "neck" of Human3.6M lies between throat and face; else below the forehead | measured; derived |
//! | head | Head, the top of the head; else above ears, eyes, head band, nose or the head segment, along the neck | measured; derived |
//! | shoulders | joint centres; else the markers on them | measured; on the skin |
//!
//! Toes and heels are not used. Detectors differ in what they call a hip or a neck; errors on the 12
//! [limb joints](crate::LIMB_JOINTS) compare best with other work.

mod choices;

use std::collections::BTreeSet;

use choices::{ANKLE, Choices, ELBOW, HEAD, HIP, KNEE, NOSE, PELVIS, SHOULDER, THORAX, WRIST};
use nalgebra::Vector3;

use crate::joints::JOINT_NAMES;
use crate::markers::Tracks;
use crate::{JOINTS, WorldJoints};

/// How the joints of a label were made from markers of BODY_25B, as the label file says it.
pub const JOINT_SET: &str = "Human3.6M 17 from BODY_25B markers: hip and spine derived (midpoint of the hips, midpoint \
    of root and neck), thorax = Neck, neck = Nose, feet = ankles, the others as measured";

/// A point out of markers.
#[derive(Clone, Debug)]
enum Source {
    Mean(Vec<(usize, f64)>),
    /// The hip of a side, right or left, by the pelvis.
    ByPelvis {
        markers: [usize; 4],
        right: bool,
    },
}

/// The mapping, resolved against the marker names of one file.
#[derive(Clone, Debug)]
pub struct Mapping {
    joints: Vec<JointSource>,
}

#[derive(Clone, Debug)]
enum JointSource {
    Point(Source),
    /// The mean of two joints: the root between the hips, the spine between root and thorax.
    Between(usize, usize),
}

impl Mapping {
    /// Finds the needed markers in a file.
    ///
    /// # Errors
    /// The joints that its markers do not give.
    pub fn new(tracks: &Tracks) -> Result<Self, String> {
        let names: Vec<String> = tracks.names.iter().map(|name| plain(name)).collect();
        let find = |name: &str| names.iter().position(|known| known == name);
        let mean = |choices: Choices, side: Option<[&str; 2]>| {
            let marker = |&(name, weight): &(&str, f64)| {
                let name =
                    side.map_or_else(|| name.to_owned(), |[letter, word]| name.replace('@', letter).replace('#', word));
                Some((find(&name)?, weight))
            };
            choices.iter().find_map(|mean| mean.iter().map(marker).collect::<Option<Vec<_>>>()).map(Source::Mean)
        };
        let pelvis = PELVIS.iter().find_map(|set| {
            let found: Option<Vec<usize>> = set.iter().map(|name| find(name)).collect();
            <[usize; 4]>::try_from(found?).ok()
        });
        let right = Some(["r", "right"]);
        let left = Some(["l", "left"]);
        let hip =
            |side, is_right| mean(HIP, side).or_else(|| Some(Source::ByPelvis { markers: pelvis?, right: is_right }));
        let found = [
            Err((1, 4)),
            Ok(hip(right, true)),
            Ok(mean(KNEE, right)),
            Ok(mean(ANKLE, right)),
            Ok(hip(left, false)),
            Ok(mean(KNEE, left)),
            Ok(mean(ANKLE, left)),
            Err((0, 8)),
            Ok(mean(THORAX, None)),
            Ok(mean(NOSE, None)),
            Ok(mean(HEAD, None)),
            Ok(mean(SHOULDER, left)),
            Ok(mean(ELBOW, left)),
            Ok(mean(WRIST, left)),
            Ok(mean(SHOULDER, right)),
            Ok(mean(ELBOW, right)),
            Ok(mean(WRIST, right)),
        ];
        let mut missing = Vec::new();
        let mut joints = Vec::with_capacity(JOINTS);
        for (joint, source) in found.into_iter().enumerate() {
            match source {
                Err((one, other)) => joints.push(JointSource::Between(one, other)),
                Ok(Some(source)) => joints.push(JointSource::Point(source)),
                Ok(None) => missing.push(marker_of(joint)),
            }
        }
        if missing.is_empty() { Ok(Self { joints }) } else { Err(format!("no marker of {}", missing.join(", "))) }
    }

    /// How the joints were made, as a label file says it.
    pub fn joint_set(&self) -> String {
        let derived =
            |source: &JointSource| !matches!(source, JointSource::Point(Source::Mean(mean)) if mean.len() == 1);
        let names: Vec<&str> =
            self.joints.iter().zip(JOINT_NAMES).filter(|(source, _)| derived(source)).map(|(_, name)| name).collect();
        format!(
            "Human3.6M 17 from markers: {} derived, the others as measured; feet = ankles, neck = nose",
            names.join(", ")
        )
    }

    /// The markers that it needs, by their index, each once.
    pub fn markers(&self) -> BTreeSet<usize> {
        let of = |source: &JointSource| match source {
            JointSource::Point(Source::Mean(mean)) => mean.iter().map(|&(marker, _)| marker).collect(),
            JointSource::Point(Source::ByPelvis { markers, .. }) => markers.to_vec(),
            JointSource::Between(..) => vec![],
        };
        self.joints.iter().flat_map(of).collect()
    }

    /// The 17 joints in millimetres, as the markers are, or `None` if a needed one was not seen.
    pub fn joints(&self, markers: &[Option<Vector3<f64>>]) -> Option<WorldJoints> {
        let mut joints = [Vector3::zeros(); JOINTS];
        let at = |marker: usize| markers.get(marker).copied()?;
        for (joint, source) in joints.iter_mut().zip(&self.joints) {
            match source {
                JointSource::Point(Source::Mean(mean)) => {
                    for &(marker, weight) in mean {
                        *joint += at(marker)? * weight;
                    }
                }
                JointSource::Point(Source::ByPelvis { markers, right }) => {
                    let [front_right, front_left, back_right, back_left] = markers.map(at);
                    *joint = hip([front_right?, front_left?, back_right?, back_left?], *right)?;
                }
                JointSource::Between(..) => {}
            }
        }
        for (joint, source) in self.joints.iter().enumerate() {
            if let JointSource::Between(one, other) = *source {
                joints[joint] = 0.5 * (joints[one] + joints[other]);
            }
        }
        Some(joints)
    }
}

/// The centre of a hip from the pelvis, in millimetres (Harrington and others, J. Biomechanics 40, 2007).
fn hip([front_right, front_left, back_right, back_left]: [Vector3<f64>; 4], right: bool) -> Option<Vector3<f64>> {
    let (front, back) = (0.5 * (front_right + front_left), 0.5 * (back_right + back_left));
    let (width, depth) = ((front_right - front_left).norm(), (front - back).norm());
    let to_right = (front_right - front_left).try_normalize(1.0)?;
    let forward = (front - back) - to_right * (front - back).dot(&to_right);
    let forward = forward.try_normalize(1.0)?;
    let up = to_right.cross(&forward);
    let side = if right { 1.0 } else { -1.0 };
    Some(front + forward * (-0.24 * depth - 9.9) + up * (-0.30 * width - 10.9) + to_right * side * (0.33 * width + 7.3))
}

/// A name without the subject before it, in lower case, letters and digits alone.
fn plain(name: &str) -> String {
    let name = name.rsplit(':').next().unwrap_or(name);
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// The usual name of the marker behind a joint.
fn marker_of(joint: usize) -> &'static str {
    match joint {
        1 => "RHip",
        2 => "RKnee",
        3 => "RAnkle",
        4 => "LHip",
        5 => "LKnee",
        6 => "LAnkle",
        8 => "Neck",
        9 => "Nose",
        10 => "Head",
        11 => "LShoulder",
        12 => "LElbow",
        13 => "LWrist",
        14 => "RShoulder",
        15 => "RElbow",
        _ => "RWrist",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY_25B: [&str; 15] = [
        "RHip",
        "RKnee",
        "RAnkle",
        "LHip",
        "LKnee",
        "LAnkle",
        "Neck",
        "Head",
        "Nose",
        "RShoulder",
        "RElbow",
        "RWrist",
        "LShoulder",
        "LElbow",
        "LWrist",
    ];

    fn file(names: &[&str]) -> Tracks {
        Tracks { rate_hz: 60.0, names: names.iter().map(|name| (*name).to_owned()).collect(), frames: vec![] }
    }

    #[test]
    fn missing_markers_are_named_once() {
        let names: Vec<&str> = BODY_25B.into_iter().filter(|name| !["RHip", "Nose"].contains(name)).collect();
        assert_eq!(Mapping::new(&file(&names)).unwrap_err(), "no marker of RHip, Nose");
    }

    #[test]
    fn the_usual_sets_are_known() {
        let sides = |names: &[&str]| -> Vec<String> {
            ["R", "L"].iter().flat_map(|side| names.iter().map(move |name| name.replace('@', side))).collect()
        };
        let limbs = ["@Hip", "@Knee", "@Ankle", "@Shoulder", "@Elbow", "@Wrist"];
        let plug_in =
            ["P:@ASI", "P:@PSI", "P:@KNE", "P:@ANK", "P:@SHO", "P:@ELB", "P:@WRA", "P:@WRB", "P:@FHD", "P:@BHD"];
        let opensim = [
            "@.ASIS",
            "@.PSIS",
            "@.Knee",
            "@.Knee.Medial",
            "@.Ankle",
            "@.Ankle.Medial",
            "@.Acromium",
            "@.Elbow.Lat",
            "@.Elbow.Med",
            "@FAradius",
            "@FAulna",
        ];
        let theia = ["@_thigh_4X4", "@_shank_4X4", "@_foot_4X4", "@_uarm_4X4", "@_larm_4X4", "@_hand_4X4"];
        for (sided, middle, derived) in [
            (&limbs[..], &["Neck", "Head", "Nose"][..], "hip, spine derived"),
            (&limbs, &["Nose", "REar", "LEar"], "hip, spine, thorax, head derived"),
            (&limbs, &["Nose", "REye", "LEye"], "hip, spine, thorax, head derived"),
            (&plug_in, &["P:C7", "P:CLAV"], "right wrist"),
            (&opensim, &["Neck", "Top.Head", "Nose"], "right hip, right knee"),
            (&theia, &["head_4X4"], "hip, spine, thorax, head derived"),
        ] {
            let mut names = sides(sided);
            names.extend(middle.iter().map(|name| (*name).to_owned()));
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let mapping = Mapping::new(&file(&names)).unwrap_or_else(|error| panic!("{names:?}: {error}"));
            assert!(mapping.joint_set().contains(derived), "{}", mapping.joint_set());
        }
    }

    #[test]
    fn hips_lie_within_the_pelvis() {
        // 240 mm wide and 160 deep, x forward, y left, z up.
        let pelvis = [
            Vector3::new(80.0, -120.0, 1000.0),
            Vector3::new(80.0, 120.0, 1000.0),
            Vector3::new(-80.0, -50.0, 1000.0),
            Vector3::new(-80.0, 50.0, 1000.0),
        ];
        let [right, left] = [true, false].map(|side| hip(pelvis, side).unwrap());
        assert!((right - Vector3::new(31.7, -86.5, 917.1)).norm() < 0.1, "{right}");
        assert!((left - Vector3::new(31.7, 86.5, 917.1)).norm() < 0.1, "{left}");
    }
}
