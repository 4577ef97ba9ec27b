//! Which instants are held out of training.

use frame::SourcePosition;
use serde::{Deserialize, Serialize};

/// What an instant may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Training.
    Train,
    /// Evaluation; it is never trained on.
    HeldOut,
    /// Neither: it is too close to a held-out block to train on.
    Guard,
}

/// Which instants are held out of training. Replayed footage is divided by position in the source, since a looped video
/// shows the same pictures again; live cameras, which have no source, are divided by time.
///
/// The middle `block` positions of every `period` are held out, and `guard` positions on each side of them are not used
/// at all. The first and the last position of a source do not count as neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct HoldOut {
    /// Positions from one held-out block to the next; 0 holds out nothing.
    pub period: u32,
    /// Positions held out of each period; 0 holds out nothing.
    pub block: u32,
    /// Positions on each side of a block that are not used at all.
    pub guard: u32,
    /// The same for live cameras.
    pub live: LiveHoldOut,
}

/// Which instants of live cameras are held out, by their time of exposure, as [`HoldOut`] does by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct LiveHoldOut {
    /// Milliseconds from one held-out block to the next; 0 holds out nothing.
    pub period_ms: u32,
    /// Milliseconds held out of each period; 0 holds out nothing.
    pub block_ms: u32,
    /// Milliseconds on each side of a block that are not used at all.
    pub guard_ms: u32,
}

impl Default for HoldOut {
    /// For a source of 100 frames at 60 Hz: two blocks of ten, each with a guard of five on either side.
    fn default() -> Self {
        Self { period: 50, block: 10, guard: 5, live: LiveHoldOut::default() }
    }
}

impl Default for LiveHoldOut {
    /// 10 s of every 60 s, long enough for pairs of the paper's widest gap within a block.
    fn default() -> Self {
        Self { period_ms: 60_000, block_ms: 10_000, guard_ms: 2_000 }
    }
}

impl HoldOut {
    /// What an instant may be used for: by its position in the source, or without one by its exposure in ns.
    pub fn side(&self, position: Option<SourcePosition>, exposure_ns: i64) -> Side {
        match position {
            Some(at) => {
                side(at.index.into(), 0..at.length.into(), self.period.into(), self.block.into(), self.guard.into())
            }
            None => {
                let ns = |ms: u32| i64::from(ms) * 1_000_000;
                let LiveHoldOut { period_ms, block_ms, guard_ms } = self.live;
                side(exposure_ns, i64::MIN..i64::MAX, ns(period_ms), ns(block_ms), ns(guard_ms))
            }
        }
    }
}

fn side(at: i64, extent: std::ops::Range<i64>, period: i64, block: i64, guard: i64) -> Side {
    if period <= 0 || block <= 0 {
        return Side::Train;
    }
    let block = block.min(period);
    let in_period = (period - block) / 2;
    let near = at.div_euclid(period);
    // A guard may be longer than the rest of the period, so blocks further away count, too.
    let reach = guard.max(0) / period + 1;
    let mut side = Side::Train;
    for k in near - reach..=near + reach {
        let start = k * period + in_period;
        let end = start + block;
        if end <= extent.start || start >= extent.end {
            continue;
        }
        if (start..end).contains(&at) {
            return Side::HeldOut;
        }
        if (start - guard..end + guard).contains(&at) {
            side = Side::Guard;
        }
    }
    side
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sides(hold_out: HoldOut, length: u32) -> Vec<Side> {
        (0..length).map(|index| hold_out.side(Some(SourcePosition { index, length }), 0)).collect()
    }

    #[test]
    fn the_default_splits_a_hundred_frames() {
        let sides = sides(HoldOut::default(), 100);
        let at = |wanted| (0..100).filter(|&i| sides[i] == wanted).collect::<Vec<usize>>();
        assert_eq!(at(Side::HeldOut), (20..30).chain(70..80).collect::<Vec<_>>());
        assert_eq!(at(Side::Guard), [15..20, 30..35, 65..70, 80..85].into_iter().flatten().collect::<Vec<_>>());
        assert_eq!(at(Side::Train).len(), 60);
    }

    #[test]
    fn loops_do_not_matter_and_time_only_without_a_source() {
        let hold_out = HoldOut::default();
        let position = Some(SourcePosition { index: 25, length: 100 });
        assert!((0..100).all(|loops| hold_out.side(position, loops * 1_666_666_667) == Side::HeldOut));
        let second = 1_000_000_000;
        assert_eq!(hold_out.side(None, 30 * second), Side::HeldOut);
        assert_eq!(hold_out.side(None, 24 * second), Side::Guard);
        assert_eq!(hold_out.side(None, 50 * second), Side::Train);
        assert_eq!(hold_out.side(None, -30 * second), Side::HeldOut);
    }

    proptest! {
        #[test]
        fn training_keeps_its_distance_and_the_ends_are_no_neighbours(
            length in 1u32..300, period in 1u32..80, block in 0u32..40, guard in 0u32..100,
        ) {
            let sides = sides(HoldOut { period, block, guard, ..HoldOut::default() }, length);
            for (i, &side) in sides.iter().enumerate() {
                let nearest = (0..sides.len()).filter(|&j| sides[j] == Side::HeldOut).map(|j| i.abs_diff(j)).min();
                let expected = match nearest {
                    Some(0) => Side::HeldOut,
                    Some(apart) if apart <= guard as usize => Side::Guard,
                    _ => Side::Train,
                };
                prop_assert_eq!(side, expected);
            }
        }
    }
}
