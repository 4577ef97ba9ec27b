//! Instants sorted by time, with the pairs that a gap allows.

use std::ops::Range;

use rand::{Rng, RngExt};

use super::instant::InstantMeta;

/// The instants of a history, sorted by segment and time, with the pairs that the gap allows.
///
/// Building it takes linear time if the history is sorted already; drawing is a binary search.
#[derive(Default)]
pub(crate) struct GapIndex {
    built_from: Vec<InstantMeta>,
    /// Instants with two views or more, as indices into the history, by (segment, time).
    pub sorted: Vec<usize>,
    /// Positions in `sorted` that are later than position `p` by a valid gap.
    later: Vec<Range<usize>>,
    /// Number of valid pairs whose earlier position is at most `p`.
    cumulative: Vec<u64>,
}

impl GapIndex {
    /// Rebuilds the index if the history has changed; else it costs only a comparison of the slices.
    pub fn update(&mut self, metas: &[InstantMeta], bounds_ns: (i64, i64)) {
        if self.built_from == metas {
            return;
        }
        self.built_from.clear();
        self.built_from.extend_from_slice(metas);
        self.sorted.clear();
        self.sorted.extend((0..metas.len()).filter(|&i| metas[i].views.count_ones() >= 2));
        self.sorted.sort_by_key(|&i| (metas[i].segment, metas[i].exposure_ns));

        let (min_ns, max_ns) = bounds_ns;
        let at = |p: usize| &metas[self.sorted[p]];
        self.later.clear();
        self.cumulative.clear();
        let (mut start, mut end, mut total) = (0, 0, 0);
        for p in 0..self.sorted.len() {
            let apart = |q: usize| at(q).exposure_ns.saturating_sub(at(p).exposure_ns);
            let here = |q: usize| q < self.sorted.len() && at(q).segment == at(p).segment;
            // Both ends only move forward: times ascend within a segment, and segments follow each other.
            start = start.max(p + 1);
            while here(start) && apart(start) <= min_ns.max(0) {
                start += 1;
            }
            end = end.max(start);
            while here(end) && apart(end) < max_ns {
                end += 1;
            }
            total += (end - start) as u64;
            self.later.push(start..end);
            self.cumulative.push(total);
        }
    }

    /// Positions in `sorted` of a pair (earlier, later), uniformly over all valid pairs.
    pub fn pair(&self, rng: &mut impl Rng) -> Option<(usize, usize)> {
        let total = *self.cumulative.last()?;
        if total == 0 {
            return None;
        }
        let drawn = rng.random_range(0..total);
        let p = self.cumulative.partition_point(|&through| through <= drawn);
        let before = if p == 0 { 0 } else { self.cumulative[p - 1] };
        Some((p, self.later[p].start + (drawn - before) as usize))
    }

    /// Positions in the segment of `p` with `start_ns <= time < end_ns`.
    pub fn window(&self, p: usize, start_ns: i64, end_ns: i64) -> Range<usize> {
        let segment = self.meta(p).segment;
        let before = |time_ns: i64| {
            self.sorted.partition_point(|&i| {
                let meta = &self.built_from[i];
                (meta.segment, meta.exposure_ns) < (segment, time_ns)
            })
        };
        before(start_ns)..before(end_ns)
    }

    /// First and last exposure of the segment of `p`, in ns.
    pub fn segment_extent_ns(&self, p: usize) -> (i64, i64) {
        let whole = self.window(p, i64::MIN, i64::MAX);
        (self.meta(whole.start).exposure_ns, self.meta(whole.end - 1).exposure_ns)
    }

    /// The instant at a position of `sorted`.
    pub fn meta(&self, p: usize) -> &InstantMeta {
        &self.built_from[self.sorted[p]]
    }
}
