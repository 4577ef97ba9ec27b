//! The newest instants of a stream.

use std::collections::VecDeque;

use frame::SegmentId;

/// What the sampler needs to know about an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstantMeta {
    /// Its segment; no pair spans two.
    pub segment: SegmentId,
    /// Start of exposure, in ns.
    pub exposure_ns: i64,
    /// Bit `v` is set when the instant has a picture of view `v`.
    pub views: u32,
}

/// The newest instants, first in first out, with their metadata as one contiguous slice for the sampler.
pub struct MomentHistory<M> {
    capacity: usize,
    /// `metas[gone..]` belong to `items`. Evicted ones are removed in bulk, so that a push costs O(1) on average and
    /// the rest stays contiguous.
    metas: Vec<InstantMeta>,
    gone: usize,
    items: VecDeque<M>,
}

impl<M> MomentHistory<M> {
    /// Holds at most `capacity` instants, and at least one.
    pub fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), metas: Vec::new(), gone: 0, items: VecDeque::new() }
    }

    /// Adds an instant; returns the oldest one if it had to be removed for that.
    pub fn push(&mut self, meta: InstantMeta, item: M) -> Option<(InstantMeta, M)> {
        let evicted = if self.items.len() == self.capacity { self.pop() } else { None };
        self.metas.push(meta);
        self.items.push_back(item);
        evicted
    }

    fn pop(&mut self) -> Option<(InstantMeta, M)> {
        let item = self.items.pop_front()?;
        let meta = self.metas[self.gone];
        self.gone += 1;
        if self.gone >= self.capacity {
            self.metas.drain(..self.gone);
            self.gone = 0;
        }
        Some((meta, item))
    }

    /// Removes instants from the newest on, as long as `unwanted` says so.
    pub fn drop_newest_while(&mut self, unwanted: impl Fn(&InstantMeta) -> bool) {
        while self.metas().last().is_some_and(&unwanted) {
            self.metas.pop();
            self.items.pop_back();
        }
    }

    /// The metadata of all instants, oldest first; `metas()[i]` belongs to `get(i)`.
    pub fn metas(&self) -> &[InstantMeta] {
        &self.metas[self.gone..]
    }

    /// What was pushed for the instant at this index, oldest first; `None` beyond the newest.
    pub fn get(&self, index: usize) -> Option<&M> {
        self.items.get(index)
    }

    /// Number of instants held.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether no instant is held.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// How many instants can be held, at least 1.
    pub fn capacity(&self) -> usize {
        self.capacity
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_newest_can_be_dropped() {
        let mut history = MomentHistory::new(3);
        for n in 0..5 {
            history.push(InstantMeta { segment: SegmentId::seam(0), exposure_ns: n, views: 1 }, n);
        }
        history.drop_newest_while(|meta| meta.exposure_ns >= 3);
        assert_eq!((history.len(), history.metas().len(), history.get(0)), (1, 1, Some(&2)));
        history.drop_newest_while(|_| true);
        assert!(history.is_empty() && history.metas().is_empty());
    }

    proptest! {
        #[test]
        fn keeps_the_newest_in_order(capacity in 1usize..20, pushes in 0i64..200) {
            let mut history = MomentHistory::new(capacity);
            for n in 0..pushes {
                let evicted = history.push(InstantMeta { segment: SegmentId::seam(0), exposure_ns: n, views: 1 }, n);
                let expected = n - capacity as i64;
                prop_assert_eq!(evicted.map(|(m, i)| (m.exposure_ns, i)), (expected >= 0).then_some((expected, expected)));
                prop_assert_eq!(history.metas().len(), history.len());
            }
            let first = (pushes - capacity as i64).max(0);
            for (i, n) in (first..pushes).enumerate() {
                prop_assert_eq!(history.metas()[i].exposure_ns, n);
                prop_assert_eq!(history.get(i), Some(&n));
            }
            prop_assert_eq!(history.len() as i64, pushes - first);
        }
    }
}
