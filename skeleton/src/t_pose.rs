//! The rest pose of a character, taken from a person who stands in a T-pose.

use nalgebra::Vector3;
use pose::WorldJoints;

use crate::turn::{Direction, Turn, carry, direction, frame};
use crate::{Bone, Landmarks, Posed, Proportions, rest, solve};

/// Arms may point this far from the sides of the body, in degrees, and legs and back from the vertical.
const STRAYS_DEGREES: f64 = 20.0;

/// Arms may point this far to the front or to the back. They are less exact there: cameras see depth worse.
const FORWARD_DEGREES: f64 = 35.0;

/// Wrists that stray further than this from their mean place, in millimetres, are moving.
const MOVES_MM: f64 = 80.0;

/// How the bones of one person are found to be turned in a T-pose, where those of a character are not turned at all.
///
/// Persons do not have the rest pose of [`crate`]: their necks lean more or less, shoulders hang, and finders of joints
/// add errors of their own. From rotations relative to the person's own T-pose, the character stands in its T-pose
/// when the person does.
#[derive(Clone, Debug, PartialEq)]
pub struct TPose {
    /// Per bone, from the rest pose to the T-pose of the person, who faces +x.
    turns: [Turn; Bone::COUNT],
}

/// Why somebody is not in a T-pose.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NotTPose {
    /// There are no bodies.
    #[error("nobody is seen")]
    Nobody,
    /// Joints coincide or are missing.
    #[error("joints of the person are missing")]
    NotWhole,
    /// A wrist is not held still.
    #[error("the person moves; stand still for a second")]
    Moves,
    /// Legs or back are not upright.
    #[error("the person does not stand upright: the {part} leans by {degrees:.0}°, and {STRAYS_DEGREES}° are allowed")]
    NotUpright {
        /// Which part.
        part: &'static str,
        /// By how much.
        degrees: f64,
    },
    /// An arm is not level.
    #[error("the {part} points {degrees:.0}° up or down; hold both arms level, within {STRAYS_DEGREES}°")]
    NotLevel {
        /// Which part.
        part: &'static str,
        /// By how much.
        degrees: f64,
    },
    /// An arm does not point to its side.
    #[error("the {part} points {degrees:.0}° away from its side; stretch both arms out to the sides")]
    NotToTheSide {
        /// Which part.
        part: &'static str,
        /// By how much.
        degrees: f64,
    },
}

impl TPose {
    /// From bodies of about one second, in which the person stands still.
    ///
    /// # Errors
    /// If this is no T-pose.
    pub fn of_bodies(bodies: &[(WorldJoints, Landmarks)]) -> Result<Self, NotTPose> {
        let (joints, landmarks) = mean(bodies).ok_or(NotTPose::Nobody)?;
        let mut posed = solve(&joints, &landmarks).ok_or(NotTPose::NotWhole)?;
        let facing = facing(&posed).ok_or(NotTPose::NotUpright { part: "hips", degrees: 90.0 })?;
        is_t_pose(&joints, &facing)?;
        if bodies.iter().any(|(body, _)| [13, 16].iter().any(|&wrist| (body[wrist] - joints[wrist]).norm() > MOVES_MM))
        {
            return Err(NotTPose::Moves);
        }
        straighten_arms(&mut posed, &joints);
        Ok(Self { turns: posed.rotations.map(|turn| facing.inverse() * turn) })
    }

    /// The pose relative to this T-pose, as a character takes it.
    pub fn applied_to(&self, posed: &Posed) -> Posed {
        let rotations = Bone::ALL.map(|bone| posed.rotation(bone) * self.turns[bone.index()].inverse());
        Posed { rotations, ..posed.clone() }
    }

    /// Where a bone begins in this T-pose, seen from where its parent begins, of a person who faces +x. With these and
    /// the rotations of [`applied_to`](Self::applied_to), joints are where they were.
    pub fn offset_mm(&self, proportions: &Proportions, bone: Bone) -> Vector3<f64> {
        let offset = proportions.offset_mm(bone);
        bone.parent().map_or(offset, |parent| self.turns[parent.index()] * offset)
    }
}

/// The mean of all bodies; `None` of none.
fn mean(bodies: &[(WorldJoints, Landmarks)]) -> Option<(WorldJoints, Landmarks)> {
    let count = bodies.len() as f64;
    let joint = |joint: usize| bodies.iter().map(|(joints, _)| joints[joint]).sum::<Vector3<f64>>() / count;
    let landmark = |mark: usize| bodies.iter().map(|(_, landmarks)| landmarks[mark]).sum::<Vector3<f64>>() / count;
    (!bodies.is_empty()).then(|| (std::array::from_fn(joint), std::array::from_fn(landmark)))
}

/// The rotation about the vertical with which the person faces where the hips do.
fn facing(posed: &Posed) -> Option<Turn> {
    let left = posed.rotation(Bone::Hips) * rest::left();
    frame((rest::up(), rest::left()), (rest::up(), left))
}

fn is_t_pose(joints: &WorldJoints, facing: &Turn) -> Result<(), NotTPose> {
    let along = |from: usize, to: usize| direction(&joints[from], &joints[to]).ok_or(NotTPose::NotWhole);
    for (part, from, to) in
        [("back", 8, 0), ("left thigh", 4, 5), ("left shin", 5, 6), ("right thigh", 1, 2), ("right shin", 2, 3)]
    {
        let degrees = along(from, to)?.angle(&rest::down()).to_degrees();
        if degrees > STRAYS_DEGREES {
            return Err(NotTPose::NotUpright { part, degrees });
        }
    }
    let left = facing * rest::left();
    for (part, from, to, side) in [
        ("left upper arm", 11, 12, left),
        ("left forearm", 12, 13, left),
        ("right upper arm", 14, 15, -left),
        ("right forearm", 15, 16, -left),
    ] {
        let arm = along(from, to)?;
        let degrees = arm.z.clamp(-1.0, 1.0).asin().to_degrees().abs();
        if degrees > STRAYS_DEGREES {
            return Err(NotTPose::NotLevel { part, degrees });
        }
        let degrees = arm.angle(&side).to_degrees();
        if degrees > FORWARD_DEGREES {
            return Err(NotTPose::NotToTheSide { part, degrees });
        }
    }
    Ok(())
}

/// Arms are straight in a T-pose, so what looks like the plane of an elbow is noise, which must not twist them.
fn straighten_arms(posed: &mut Posed, joints: &WorldJoints) {
    let mut carried = |bone: Bone, rest: Direction, from: usize, to: usize| {
        let parent = posed.rotation(bone.parent().unwrap_or(Bone::Chest));
        if let Some(now) = direction(&joints[from], &joints[to]) {
            posed.rotations[bone.index()] = carry(&parent, rest, now);
        }
    };
    carried(Bone::LeftUpperArm, rest::left(), 11, 12);
    carried(Bone::LeftLowerArm, rest::left(), 12, 13);
    carried(Bone::RightUpperArm, -rest::left(), 14, 15);
    carried(Bone::RightLowerArm, -rest::left(), 15, 16);
    for (hand, arm) in [(Bone::LeftHand, Bone::LeftLowerArm), (Bone::RightHand, Bone::RightLowerArm)] {
        posed.rotations[hand.index()] = posed.rotation(arm);
    }
}
