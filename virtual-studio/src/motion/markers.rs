//! Motion from the markers of a TRC file: each bone has the direction of its markers.
//!
//! Nothing is smoothed, and the actor keeps the lengths of its bones. A rotation is found from two directions, compared
//! with the same two of the actor in the canonical rest pose: the first is matched exactly, the second as far as the
//! first allows.
//!
//! | bones | first | second |
//! |---|---|---|
//! | hips | from hip to hip | root to thorax |
//! | upper chest, shoulders | root to thorax | from shoulder to shoulder |
//! | spine, chest | evenly between the two above | |
//! | neck, head | thorax to top of the head | thorax to nose |
//! | upper arms, thighs | the limb | the way the elbow or knee bends; where it is straight, as chest or hips have it |
//! | forearms, shins | the limb | as the bone above |
//! | feet, toes | heel to toes | as the shin; without these markers the foot keeps its angle to the shin |
//! | hands | as the forearm | |

use std::path::Path;

use glam::{Mat3, Quat, Vec3};
use nalgebra::Vector3;
use pose::mapping::Mapping;
use pose::{JOINTS, ROOT, trc};

use super::Clip;
use crate::AssetError;
use crate::actor::{Actor, BONES, Bone, SkeletonPose, arc};

/// A limb: the upper bone, the lower, the end, and the joints of Human3.6M where the three begin.
const LEGS: [([Bone; 3], [usize; 3]); 2] = [
    ([Bone::LeftUpLeg, Bone::LeftLeg, Bone::LeftFoot], [4, 5, 6]),
    ([Bone::RightUpLeg, Bone::RightLeg, Bone::RightFoot], [1, 2, 3]),
];
const ARMS: [([Bone; 3], [usize; 3]); 2] = [
    ([Bone::LeftArm, Bone::LeftForeArm, Bone::LeftHand], [11, 12, 13]),
    ([Bone::RightArm, Bone::RightForeArm, Bone::RightHand], [14, 15, 16]),
];
/// Toes (one or two markers) and heel, by foot.
const FEET: [([&str; 2], &str); 2] = [(["LBigToe", "LSmallToe"], "LHeel"), (["RBigToe", "RSmallToe"], "RHeel")];
/// Sine of the bend below which an elbow or knee determines its limb's twist worse than chest and hips do.
const STRAIGHT: f32 = 0.15;

/// The markers of a recording, in the studio's frame: metres, y up.
#[derive(Clone, Debug, PartialEq)]
pub struct Markers {
    rate_hz: f64,
    /// At least one.
    instants: Vec<MarkerFrame>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct MarkerFrame {
    joints: [Vec3; JOINTS],
    /// From heel to toes, left and right.
    feet: [Option<Vec3>; 2],
}

impl Markers {
    /// # Errors
    /// The file is not a TRC file, lacks a marker that a pose needs at any instant, or skips an instant.
    pub fn load(path: &Path) -> Result<Self, AssetError> {
        let failed = |problem: String| AssetError::file(path, problem);
        let tracks = trc::read(path)?;
        let mapping = Mapping::new(&tracks).map_err(failed)?;
        if tracks.rate_hz.is_nan() || tracks.rate_hz <= 0.0 {
            return Err(failed("its rate is not above zero".into()));
        }
        let (Some(first), Some(last)) = (tracks.frames.first(), tracks.frames.last()) else {
            return Err(failed("it has no frame".into()));
        };
        if (last.source_index - first.source_index) as usize + 1 != tracks.frames.len() {
            return Err(failed("it skips frames; fill its gaps".into()));
        }
        let marker = |name: &str| tracks.names.iter().position(|known| known == name);
        let feet = FEET.map(|(toes, heel)| (toes.map(marker), marker(heel)));
        let instant = |frame: &pose::markers::MarkerFrame| {
            let lacking = || failed(format!("frame {} lacks a marker; fill its gaps", frame.source_index));
            let joints = mapping.joints(&frame.markers_mm).ok_or_else(lacking)?.map(from_z_up_mm);
            let at = |marker: Option<usize>| frame.markers_mm[marker?].map(from_z_up_mm);
            let foot = |(toes, heel): ([Option<usize>; 2], Option<usize>)| {
                let [big, small] = toes.map(at);
                Some(big?.midpoint(small.or(big)?) - at(heel)?)
            };
            Ok(MarkerFrame { joints, feet: feet.map(foot) })
        };
        let instants = tracks.frames.iter().map(instant).collect::<Result<_, AssetError>>()?;
        Ok(Self { rate_hz: tracks.rate_hz, instants })
    }

    pub fn rate_hz(&self) -> f64 {
        self.rate_hz
    }

    /// The number of instants.
    pub fn instants(&self) -> usize {
        self.instants.len()
    }

    /// The 17 joints at the markers' positions at each instant, metres.
    pub fn joints(&self) -> impl Iterator<Item = [Vec3; JOINTS]> {
        self.instants.iter().map(|instant| instant.joints)
    }

    /// The same motion for an actor, in the same place: the mean of its joints is that of the markers' joints.
    pub fn clip(&self, actor: &Actor) -> Clip {
        let rest = actor.joints(&SkeletonPose::REST).map(Vec3::from);
        let pose = |instant: &MarkerFrame| {
            let mut pose = fit(instant, &rest);
            straighten(&mut pose, actor, &instant.joints);
            let mean = |joints: &[Vec3; JOINTS]| joints.iter().sum::<Vec3>() / JOINTS as f32;
            let off = mean(&instant.joints) - mean(&actor.joints(&pose).map(Vec3::from));
            pose.root += off / actor.leg_m();
            pose
        };
        Clip::new(1.0 / self.rate_hz, self.instants.iter().map(pose).collect())
    }
}

/// From the frame of [`trc`] and [`pose::calibration`], millimetres and z up, to the studio's.
pub(crate) fn from_z_up_mm(point: Vector3<f64>) -> Vec3 {
    Vec3::new(point.y as f32, point.z as f32, point.x as f32) * 1e-3
}

/// The rotations, from directions only; `rest` are the actor's joints in the canonical rest pose.
fn fit(instant: &MarkerFrame, rest: &[Vec3; JOINTS]) -> SkeletonPose {
    const THORAX: usize = 8;
    const NOSE: usize = 9;
    const CROWN: usize = 10;
    let now = &instant.joints;
    let compared = |first: [usize; 2], second: [usize; 2]| {
        let pair = |joints: &[Vec3; JOINTS]| [first, second].map(|[from, to]| joints[to] - joints[from]);
        turn(pair(rest), pair(now))
    };
    let hips = compared([1, 4], [ROOT, THORAX]);
    let chest = compared([ROOT, THORAX], [14, 11]);
    let head = compared([THORAX, CROWN], [THORAX, NOSE]);

    let mut rotations = [hips; BONES];
    let mut set = |bones: &[Bone], rotation: Quat| bones.iter().for_each(|bone| rotations[bone.index()] = rotation);
    set(&[Bone::Spine], hips.slerp(chest, 1.0 / 3.0));
    set(&[Bone::Chest], hips.slerp(chest, 2.0 / 3.0));
    set(&[Bone::UpperChest, Bone::LeftShoulder, Bone::RightShoulder], chest);
    set(&[Bone::Neck, Bone::Head], head);
    for (bones, at) in ARMS {
        let [upper, fore] = limb(bones[0], at, chest, Vec3::Z, now);
        set(&[bones[0]], upper);
        set(&[bones[1], bones[2]], fore);
    }
    for (((bones, at), toe), heel_to_toes) in LEGS.into_iter().zip([Bone::LeftToe, Bone::RightToe]).zip(instant.feet) {
        let [thigh, shin] = limb(bones[0], at, hips, Vec3::NEG_Z, now);
        set(&[bones[0]], thigh);
        set(&[bones[1]], shin);
        let foot = heel_to_toes.map_or(shin, |toes| turn([Vec3::Z, Vec3::X], [toes, shin * Vec3::X]));
        set(&[bones[2], toe], foot);
    }
    SkeletonPose { rotations, root: Vec3::ZERO }
}

/// Upper and lower half of a limb that hangs on `trunk` and whose lower half bends towards `bend` at rest.
fn limb(bone: Bone, at: [usize; 3], trunk: Quat, bend: Vec3, joints: &[Vec3; JOINTS]) -> [Quat; 2] {
    let rest = bone.limb().map_or(Vec3::Y, |(_, direction)| direction);
    let (upper, lower) = (joints[at[1]] - joints[at[0]], joints[at[2]] - joints[at[1]]);
    let as_trunk = arc(trunk * rest, upper) * trunk;
    let bent = lower.normalize_or_zero().reject_from(upper);
    let first = turn([rest, bend], [upper, bent + STRAIGHT * (as_trunk * bend)]);
    [first, arc(first * rest, lower) * first]
}

/// The bends between hips and chest move the thorax a little; this moves it back to the measured direction.
fn straighten(pose: &mut SkeletonPose, actor: &Actor, wanted: &[Vec3; JOINTS]) {
    let stands = actor.joints(pose).map(Vec3::from);
    let back = arc(stands[8] - stands[0], wanted[8] - wanted[0]);
    for bone in [Bone::Spine, Bone::Chest, Bone::UpperChest, Bone::LeftShoulder, Bone::RightShoulder] {
        pose.rotations[bone.index()] = back * pose.rotation(bone);
    }
}

/// The rotation of the first of `from` to the first of `to`, and of the second to the same side.
fn turn(from: [Vec3; 2], to: [Vec3; 2]) -> Quat {
    let axes = |[first, second]: [Vec3; 2]| {
        let along = first.normalize_or(Vec3::Y);
        let aside = second.reject_from_normalized(along).normalize_or(along.any_orthonormal_vector());
        Mat3::from_cols(along, aside, along.cross(aside))
    };
    Quat::from_mat3(&(axes(to) * axes(from).transpose())).normalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_meet_the_first_direction_and_the_side_of_the_second() {
        let found = turn([Vec3::X, Vec3::Y], [Vec3::Z * 3.0, Vec3::new(-2.0, 0.0, 5.0)]);
        assert!((found * Vec3::X - Vec3::Z).length() < 1e-6);
        assert!((found * Vec3::Y - Vec3::NEG_X).length() < 1e-6);
    }

    #[test]
    fn the_axes_change_places_without_a_mirror() {
        let axes = [Vector3::x(), Vector3::y(), Vector3::z()].map(|axis| from_z_up_mm(axis * 1000.0));
        assert_eq!(axes[2], Vec3::Y);
        assert_eq!(axes[0].cross(axes[1]), axes[2]);
    }
}
