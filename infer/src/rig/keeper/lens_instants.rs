//! The instants that faults of lenses and shutters are searched in.

use std::collections::VecDeque;

use geometry::Observation;
use transport::RigEventKind;

/// How many instants are kept, the last ones.
const KEPT: usize = 300;

/// The fewest instants for a search.
pub(super) const MIN_INSTANTS: usize = 100;

/// Time between two searches, in nanoseconds.
pub(super) const AGAIN_NS: i64 = 30_000_000_000;

/// Instants without velocities are at least so far apart, in nanoseconds.
const APART_NS: i64 = 150_000_000;

type Views = Vec<Option<Observation>>;

/// The instants, and what came of them.
#[derive(Debug, Default)]
pub(super) struct LensInstants {
    pub kept: VecDeque<(i64, Views)>,
    pub searched_ns: Option<i64>,
    /// The faults that were reported, by camera.
    pub reported: Vec<(usize, RigEventKind)>,
}

impl LensInstants {
    pub fn offer(&mut self, at_ns: i64, views: &Views) {
        let moves = views.iter().flatten().any(|view| view.velocity_px.is_some());
        if !moves && self.kept.back().is_some_and(|(then, _)| at_ns - then < APART_NS) {
            return;
        }
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back((at_ns, views.clone()));
    }

    /// Drops all instants, after a camera moved.
    pub fn forget(&mut self) {
        self.kept.clear();
    }
}
