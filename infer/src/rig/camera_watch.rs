//! Watches one camera: whether its joints still agree with the bodies, and what it is found anew from.

use std::collections::VecDeque;

use geometry::{Observation, Points};

use super::median::upper_median;

/// How long misses are kept, in nanoseconds.
const WINDOW_NS: i64 = 3_000_000_000;
/// The same while they are few.
const LONG_WINDOW_NS: i64 = 10_000_000_000;
/// The fewest instants that show that a camera has moved.
const MIN_INSTANTS: usize = 6;
/// They must span at least this time, in nanoseconds.
const MIN_NS: i64 = 1_000_000_000;
/// All instants of this time count, in nanoseconds,
const RECENT_NS: i64 = 1_200_000_000;
/// but at least this many.
const RECENT_INSTANTS: usize = 8;
/// A camera has moved if it misses bodies by this many times the residual that it was placed with,
const MOVED: f64 = 4.0;
/// but at least by the limit of a geometry, and at most by this many times it.
const MOVED_OF_LIMIT: f64 = 2.0;
/// How many bodies are kept to find a camera from.
const KEPT: usize = 40;
/// The time between two of them, in nanoseconds.
const APART_NS: i64 = 150_000_000;

/// How far a camera's joints missed a body.
#[derive(Clone, Copy, Debug)]
struct Miss {
    at_ns: i64,
    miss_px: f64,
    /// Whether they had the body's shape, in another place.
    same_shape: bool,
}

/// The state of one camera.
#[derive(Debug, Default)]
pub struct CameraWatch {
    misses: VecDeque<Miss>,
    /// Bodies that the other cameras see and this camera's view of them, while it has no place.
    pub bodies: Vec<(i64, Points, Observation)>,
    /// The earliest time of the next search for it, ns.
    pub not_before_ns: i64,
    /// What is wrong with it.
    pub problem: Option<String>,
    /// By how many frames it is later than the first camera, and the uncertainty.
    pub offset_frames: Option<(f64, f64)>,
    /// Since when the offset has been too large, ns.
    pub apart_since_ns: Option<i64>,
    /// Whether that was reported.
    pub apart_reported: bool,
}

impl CameraWatch {
    /// Records by how many pixels it missed a body. If its joints have the body's shape, the camera was moved;
    /// otherwise the joint finder erred.
    pub fn missed(&mut self, at_ns: i64, miss_px: f64, same_shape: bool) {
        self.misses.push_back(Miss { at_ns, miss_px, same_shape });
        let long_ago = |misses: &VecDeque<Miss>| {
            // Moved cameras are noticed even at one or two instants a second.
            let window_ns = if misses.len() > MIN_INSTANTS { WINDOW_NS } else { LONG_WINDOW_NS };
            misses.front().is_some_and(|miss| at_ns - miss.at_ns > window_ns)
        };
        while long_ago(&self.misses) {
            self.misses.pop_front();
        }
    }

    /// The median miss of the last seconds, in pixels.
    pub fn residual_px(&self) -> Option<f64> {
        upper_median(self.misses.iter().map(|miss| miss.miss_px).collect())
    }

    /// Whether its joints agree with the bodies, or it saw none.
    pub fn agrees(&self, limit_px: f64) -> bool {
        self.residual_px().is_none_or(|residual_px| residual_px <= limit_px)
    }

    /// The median by which it misses bodies, in pixels, if it was moved: if it saw the body elsewhere in most instants
    /// of the last seconds. `placed_px` is its residual when it was placed, `limit_px` the largest one allowed.
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
        let long = recent.first().zip(recent.last()).is_some_and(|(last, first)| last.at_ns - first.at_ns >= MIN_NS);
        let far = recent.iter().filter(|miss| miss.miss_px > moved_px && miss.same_shape);
        let far: Vec<f64> = far.map(|miss| miss.miss_px).collect();
        let moved = recent.len() >= MIN_INSTANTS && long && far.len() * 4 >= recent.len() * 3;
        upper_median(far).filter(|_| moved)
    }

    /// Drops the recorded misses.
    pub fn forget_misses(&mut self) {
        self.misses.clear();
    }

    /// Starts anew, after the camera lost its place.
    pub fn lost(&mut self, at_ns: i64) {
        *self = Self { not_before_ns: at_ns, ..Self::default() };
    }

    /// Records its view of a body that the others placed.
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

    /// How long it takes to notice a camera that misses bodies by 2 px, and from 20 s on by 70.
    fn noticed_after_s(every_ns: i64) -> Option<f64> {
        let mut watch = CameraWatch::default();
        let times = (0..).map(|step| step * every_ns).take_while(|at_ns| *at_ns < 40_000_000_000);
        for at_ns in times {
            let turned = at_ns >= 20_000_000_000;
            watch.missed(at_ns, if turned { 70.0 } else { 2.0 }, true);
            if watch.has_moved(2.0, 10.0).is_some() {
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
