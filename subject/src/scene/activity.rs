//! Notices a background that does not keep still.

use std::collections::VecDeque;

use super::comparison::cell_changed;
use super::thumbnail::Thumbnail;

/// The time between two pictures that are compared, in nanoseconds.
const EVERY_NS: i64 = 150_000_000;
/// How many such comparisons count.
const COMPARISONS: usize = 10;
/// A place keeps changing if it changed in this many of them. People who move do not cover the same place for so long.
const RESTLESS: usize = 8;

/// Where a camera's pictures change.
#[derive(Debug, Default)]
pub(super) struct Activity {
    before: Option<(i64, Thumbnail)>,
    /// Per comparison, whether each cell changed.
    changes: VecDeque<Vec<bool>>,
}

impl Activity {
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// Takes a picture.
    pub fn see(&mut self, now_ns: i64, now: &Thumbnail) {
        match &self.before {
            Some((at_ns, _)) if now_ns - at_ns < EVERY_NS => return,
            Some((_, before)) => {
                let changed = before.cells.iter().zip(&now.cells).map(|(a, b)| cell_changed(before, now, a, b));
                self.changes.push_back(changed.collect());
                if self.changes.len() > COMPARISONS {
                    self.changes.pop_front();
                }
            }
            None => {}
        }
        self.before = Some((now_ns, now.clone()));
    }

    /// The share of the picture that keeps changing.
    pub fn restless(&self) -> f32 {
        let Some(last) = self.changes.back().filter(|_| self.changes.len() == COMPARISONS) else { return 0.0 };
        let restless = (0..last.len())
            .filter(|&cell| self.changes.iter().filter(|changed| changed.get(cell) == Some(&true)).count() >= RESTLESS);
        restless.count() as f32 / last.len().max(1) as f32
    }
}
