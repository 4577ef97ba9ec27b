//! The person's proportions, from the bodies that were sent.

use pose::WorldJoints;
use skeleton::{Landmarks, Proportions};

/// How many of the first bodies they come from.
const BODIES: usize = 30;

/// Collects bodies of one person.
#[derive(Default)]
pub(crate) struct Measured {
    bodies: Vec<(WorldJoints, Landmarks)>,
    known: Option<Proportions>,
}

impl Measured {
    /// The proportions after one more body. They do not change any more once enough bodies were seen. `None` while no body
    /// was whole.
    pub fn with(&mut self, joints: &WorldJoints, landmarks: &Landmarks) -> Option<Proportions> {
        if self.bodies.len() < BODIES {
            self.bodies.push((*joints, *landmarks));
            let bodies = self.bodies.iter().map(|(joints, landmarks)| (joints, landmarks));
            self.known = Proportions::of_bodies(bodies).or(self.known);
        }
        self.known
    }

    /// Begins again, for another person or another scale of the world.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}
