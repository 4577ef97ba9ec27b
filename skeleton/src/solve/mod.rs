//! From joints to rotations.

mod arm;
mod head;
mod hinge;
mod leg;
mod torso;

use nalgebra::Vector3;
use pose::WorldJoints;

use crate::turn::{Direction, carry};
use crate::{Bone, Landmarks, Posed, Turn};

/// Finds how the bones of a body are turned. Lengths do not matter.
///
/// Where a bone points is seen in its joints. Its twist, the turn about its own length, follows from these rules:
///
/// | bone | twist |
/// |---|---|
/// | `Hips` | the line of the hips is kept exactly, and the spine tells which way is up |
/// | `Chest` | from the line of the shoulders |
/// | `Spine`, `Neck` | half way between their neighbours |
/// | shoulders | the chest's |
/// | arms | from the plane of the elbow; of a straight arm, the shoulder's |
/// | hands | they turn with the lower arm: nothing shows them |
/// | legs | from the plane of the knee; of a straight leg, from heel to toe; where that points along the leg, the hips' |
/// | feet | the line from heel to toe is kept exactly; shin and ankle together tell which way is up |
/// | `Head` | the line from the middle of the ears to the nose is kept exactly; the ears tell the rest |
///
/// Between straight (8°) and bent (28°) one rule goes over into the other, so that nothing jumps. A bone that has the
/// twist of another is turned on from that one's rotation by the shortest way.
///
/// A bone whose points coincide or are no numbers keeps its parent's rotation, and so says
/// [`direction_known`](Posed::direction_known). The result is `None` where the hips themselves cannot be found: without
/// the root, both hips, and the spine or thorax.
pub fn solve(joints: &WorldJoints, landmarks: &Landmarks) -> Option<Posed> {
    let root_mm = joints[pose::ROOT];
    let hips = torso::hips(joints).filter(|_| is_finite(&root_mm))?;
    let mut bones = Bones::new(root_mm, hips);
    torso::solve(&mut bones, joints);
    head::solve(&mut bones, joints, landmarks);
    arm::solve(&mut bones, joints);
    leg::solve(&mut bones, joints, landmarks);
    Some(bones.0)
}

fn is_finite(point: &Vector3<f64>) -> bool {
    point.iter().all(|value| value.is_finite())
}

/// A pose that is being solved, from the hips outwards.
struct Bones(Posed);

impl Bones {
    fn new(root_mm: Vector3<f64>, hips: Turn) -> Self {
        let mut bones = Self(Posed {
            root_mm,
            rotations: [hips; Bone::COUNT],
            direction_known: [false; Bone::COUNT],
            twist_known: [0.0; Bone::COUNT],
        });
        bones.set(Bone::Hips, hips, 1.0);
        bones
    }

    fn set(&mut self, bone: Bone, turn: Turn, twist_known: f64) {
        self.0.rotations[bone.index()] = turn;
        self.0.direction_known[bone.index()] = true;
        self.0.twist_known[bone.index()] = twist_known;
    }

    /// Nothing shows how the bone is turned.
    fn keep(&mut self, bone: Bone) {
        self.0.rotations[bone.index()] = self.parent_of(bone);
    }

    /// Sets the bone where its rotation is known.
    fn set_or_keep(&mut self, bone: Bone, turn: Option<(Turn, f64)>) {
        match turn {
            Some((turn, twist_known)) => self.set(bone, turn, twist_known),
            None => self.keep(bone),
        }
    }

    fn of(&self, bone: Bone) -> Turn {
        self.0.rotation(bone)
    }

    fn parent_of(&self, bone: Bone) -> Turn {
        self.of(bone.parent().unwrap_or(Bone::Hips))
    }

    /// The bone's rotation with its parent's twist.
    fn carried(&self, bone: Bone, rest: Direction, now: Direction) -> Turn {
        carry(&self.parent_of(bone), rest, now)
    }
}
