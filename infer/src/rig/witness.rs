//! What one camera says of its own place: whether its joints still lie where the bodies are.

use std::collections::VecDeque;

use geometry::{Observation, POINT_COUNT};
use nalgebra::Vector3;

use super::placing::median;

/// What is looked at of the past, in nanoseconds, and where instants are few, at most.
const WINDOW_NS: i64 = 3_000_000_000;
const LONGEST_NS: i64 = 10_000_000_000;
/// A camera is said to have moved from so many instants, over at least so long.
const LEAST_INSTANTS: usize = 6;
const LEAST_NS: i64 = 1_000_000_000;
/// At high rates, all instants of so long count.
const RECENT_NS: i64 = 1_200_000_000;
/// At low ones, so many.
const RECENT_INSTANTS: usize = 8;
/// How much farther than when it was placed a camera that was moved misses the bodies: at least as far as a geometry may,
/// and at most so many times that.
const MOVED: f64 = 4.0;
const MOVED_OF_LIMIT: f64 = 2.0;
/// Instants from which a camera is found.
const KEPT: usize = 40;
/// Those are at least so far apart, in nanoseconds.
const APART_NS: i64 = 150_000_000;

type Points = [Vector3<f64>; POINT_COUNT];

/// By how far a camera's joints missed a body.
#[derive(Clone, Copy, Debug)]
struct Miss {
    at_ns: i64,
    miss_px: f64,
    /// Whether they had the body's shape, and only lay elsewhere.
    same_shape: bool,
}

/// How one camera is doing.
#[derive(Debug, Default)]
pub struct Witness {
    misses: VecDeque<Miss>,
    /// Bodies that the other cameras see, and this one's view of them, while it has no place.
    pub bodies: Vec<(i64, Points, Observation)>,
    /// It is not tried before this, ns.
    pub not_before_ns: i64,
    /// What is wrong with it.
    pub problem: Option<String>,
    /// Later than the first camera's by so many frames, and the uncertainty.
    pub offset_frames: Option<(f64, f64)>,
    /// Since when the offset has been too large, ns.
    pub apart_since_ns: Option<i64>,
    pub told_apart: bool,
}

impl Witness {
    /// It missed a body by so many pixels. Whether its joints had the body's shape, and only lay elsewhere, tells a camera
    /// that was moved from mistakes.
    pub fn missed(&mut self, at_ns: i64, miss_px: f64, same_shape: bool) {
        self.misses.push_back(Miss { at_ns, miss_px, same_shape });
        let long_ago = |misses: &VecDeque<Miss>| {
            // A busy machine that answers one or two instants a second still notices.
            let window_ns = if misses.len() > LEAST_INSTANTS { WINDOW_NS } else { LONGEST_NS };
            misses.front().is_some_and(|miss| at_ns - miss.at_ns > window_ns)
        };
        while long_ago(&self.misses) {
            self.misses.pop_front();
        }
    }

    /// The median of the last seconds, in pixels.
    pub fn residual_px(&self) -> Option<f64> {
        median(self.misses.iter().map(|miss| miss.miss_px).collect())
    }

    /// Whether its joints lie where the bodies are, or it saw none.
    pub fn agrees(&self, limit_px: f64) -> bool {
        self.residual_px().is_none_or(|residual_px| residual_px <= limit_px)
    }

    /// By how much it misses the bodies of late (the median, in pixels) where it cannot stand where it did: in most
    /// instants of the last seconds it saw the body elsewhere. `placed_px` is by how much it missed the bodies when it was
    /// placed, `limit_px` how much it may.
    pub fn has_moved(&self, placed_px: f64, limit_px: f64) -> Option<f64> {
        let moved_px = (MOVED * placed_px).clamp(limit_px, MOVED_OF_LIMIT * limit_px);
        let newest_ns = self.misses.back().map_or(0, |miss| miss.at_ns);
        let recent: Vec<_> = self
            .misses
            .iter()
            .rev()
            .enumerate()
            .take_while(|(place, miss)| *place < RECENT_INSTANTS || newest_ns - miss.at_ns <= RECENT_NS)
            .map(|(_, miss)| miss)
            .collect();
        let long = recent.first().zip(recent.last()).is_some_and(|(last, first)| last.at_ns - first.at_ns >= LEAST_NS);
        let far = recent.iter().filter(|miss| miss.miss_px > moved_px && miss.same_shape);
        let far: Vec<f64> = far.map(|miss| miss.miss_px).collect();
        let moved = recent.len() >= LEAST_INSTANTS && long && far.len() * 4 >= recent.len() * 3;
        median(far).filter(|_| moved)
    }

    /// What it missed so far says nothing any more.
    pub fn forget_misses(&mut self) {
        self.misses.clear();
    }

    /// It has lost its place: it is to be found anew.
    pub fn lost(&mut self, at_ns: i64) {
        *self = Self { not_before_ns: at_ns, ..Self::default() };
    }

    /// It saw a body that the others placed.
    pub fn saw(&mut self, at_ns: i64, points: &Points, view: &Observation) {
        if self.bodies.last().is_some_and(|(then, ..)| at_ns - then < APART_NS) {
            return;
        }
        if self.bodies.len() == KEPT {
            self.bodies.remove(0);
        }
        self.bodies.push((at_ns, *points, view.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A camera that misses bodies by 2 px, and from 20 s on by 70, is looked at every so often; says how long it takes to
    /// be noticed.
    fn noticed_after_s(every_ns: i64) -> Option<f64> {
        let mut witness = Witness::default();
        let times = (0..).map(|step| step * every_ns).take_while(|at_ns| *at_ns < 40_000_000_000);
        for at_ns in times {
            let turned = at_ns >= 20_000_000_000;
            witness.missed(at_ns, if turned { 70.0 } else { 2.0 }, true);
            if witness.has_moved(2.0, 10.0).is_some() {
                assert!(turned);
                return Some(at_ns as f64 / 1e9 - 20.0);
            }
        }
        None
    }

    #[test]
    fn a_camera_that_was_turned_is_noticed_at_any_rate() {
        for every_ms in [33, 100, 300, 700, 900] {
            let after_s = noticed_after_s(every_ms * 1_000_000);
            assert!(after_s.is_some_and(|after_s| after_s < 5.0), "every {every_ms} ms: {after_s:?}");
        }
        assert_eq!(noticed_after_s(3_000_000_000), None, "of so few instants nothing is said");
    }
}
