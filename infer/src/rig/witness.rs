//! What one camera says of its own place: whether its joints still lie where the bodies are.

use std::collections::VecDeque;

use geometry::{Observation, POINT_COUNT};
use nalgebra::Vector3;

use super::placing::median;

/// What is looked at of the past, in nanoseconds.
const WINDOW_NS: i64 = 3_000_000_000;
/// A camera is said to have moved from so many instants, over at least so long.
const LEAST_INSTANTS: usize = 6;
const LEAST_NS: i64 = 1_200_000_000;
/// How much farther than when it was placed a camera that was moved misses the bodies: at least as far as a geometry may,
/// and at most so many times that.
const MOVED: f64 = 4.0;
const MOVED_OF_LIMIT: f64 = 2.0;
/// Instants from which a camera is found.
const KEPT: usize = 40;
/// Those are at least so far apart, in nanoseconds.
const APART_NS: i64 = 150_000_000;

type Points = [Vector3<f64>; POINT_COUNT];

/// How one camera is doing.
#[derive(Debug, Default)]
pub struct Witness {
    misses: VecDeque<(i64, f64)>,
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
    /// It missed a body by so many pixels.
    pub fn missed(&mut self, at_ns: i64, miss_px: f64) {
        self.misses.push_back((at_ns, miss_px));
        while self.misses.front().is_some_and(|(then, _)| at_ns - then > WINDOW_NS) {
            self.misses.pop_front();
        }
    }

    /// The median of the last seconds, in pixels.
    pub fn residual_px(&self) -> Option<f64> {
        median(self.misses.iter().map(|(_, miss)| *miss).collect())
    }

    /// Whether it cannot stand where it did: in most instants of the last seconds it saw the body elsewhere. `placed_px` is
    /// by how much it missed the bodies when it was placed, `limit_px` how much it may.
    pub fn has_moved(&self, placed_px: f64, limit_px: f64) -> bool {
        let moved_px = (MOVED * placed_px).clamp(limit_px, MOVED_OF_LIMIT * limit_px);
        let recent: Vec<_> = self.misses.iter().rev().take(2 * LEAST_INSTANTS).collect();
        let long = recent.first().zip(recent.last()).is_some_and(|(last, first)| last.0 - first.0 >= LEAST_NS);
        let far = recent.iter().filter(|(_, miss)| *miss > moved_px).count();
        recent.len() >= LEAST_INSTANTS && long && far * 4 >= recent.len() * 3
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
