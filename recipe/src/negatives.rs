//! Which unsynchronised pairs pretraining learns from, and how much each counts.

use frame_sync::pairs::PairGap;
use serde::{Deserialize, Serialize};

use crate::RecipeError;
use crate::check::{self, require, within};

/// Which unsynchronised pairs pretraining in the form of all pairs learns from, and how much each counts. The defaults
/// treat all within the gap alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Negatives {
    /// Pairs closer in time than this count by their part of it, as in soft targets by distance; 0 counts all alike.
    pub full_from_ms: f64,
    /// How much the subject's mask must differ between the two instants, as a share of the larger mask; pairs that
    /// differ less are none, so that short gaps hold pairs that are hard and not wrong. Within [0, 1).
    pub least_change: f64,
    /// The gap that training begins with. It turns into the plan's own gap over the first `narrowing` of all steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_gap: Option<PairGap>,
    /// Part of the steps over which the gap changes; within [0, 1].
    pub narrowing: f64,
}

impl Negatives {
    /// The gap once this part of all steps is done, on the way to `last`: both bounds move evenly by their ratio.
    pub fn gap(&self, last: PairGap, progress: f64) -> PairGap {
        let Some(first) = self.first_gap else { return last };
        if progress >= self.narrowing {
            return last;
        }
        let done = progress / self.narrowing;
        let ([min, max], [last_min, last_max]) = (bounds_ms(first), bounds_ms(last));
        let between = |from: f64, to: f64| from.max(1.0).powf(1.0 - done) * to.max(1.0).powf(done);
        PairGap::Ms { min: between(min, last_min), max: between(max, last_max) }
    }

    /// How much a pair counts whose instants are so far apart, and whose masks differ by `change`, if that is known.
    pub fn weight(&self, apart_ms: f64, change: Option<f64>) -> f64 {
        if change.is_some_and(|change| change < self.least_change) {
            return 0.0;
        }
        if self.full_from_ms > 0.0 { (apart_ms / self.full_from_ms).min(1.0) } else { 1.0 }
    }

    pub(crate) fn check(&self, pairs_are_weighed: bool) -> Result<(), RecipeError> {
        let weighed = self.full_from_ms > 0.0 || self.least_change > 0.0;
        let needs = "weighs pairs, which needs sync.form = \"all-pairs\" and views of several cameras";
        require(pairs_are_weighed || !weighed, "sync.negatives", needs)?;
        within(self.full_from_ms, &(0.0..=60_000.0), "sync.negatives.full-from-ms")?;
        require((0.0..1.0).contains(&self.least_change), "sync.negatives.least-change", "must be in [0, 1)")?;
        within(self.narrowing, &(0.0..=1.0), "sync.negatives.narrowing")?;
        self.first_gap.iter().try_for_each(|gap| check::gap(gap, "sync.negatives.first-gap"))
    }
}

fn bounds_ms(gap: PairGap) -> [f64; 2] {
    let (min_ns, max_ns) = gap.bounds_ns();
    [min_ns, max_ns].map(|ns| ns as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_move_from_the_first_to_the_last() {
        let last = PairGap::Ms { min: 80.0, max: 640.0 };
        assert_eq!(Negatives::default().gap(last, 0.0), last);
        let first_gap = Some(PairGap::Ms { min: 1280.0, max: 2560.0 });
        let negatives = Negatives { first_gap, narrowing: 0.5, ..Negatives::default() };
        let bounds = |progress| bounds_ms(negatives.gap(last, progress));
        let near = |found: [f64; 2], wanted: [f64; 2]| found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 0.01);
        assert!(near(bounds(0.0), [1280.0, 2560.0]));
        assert!(near(bounds(0.25), [320.0, 1280.0]), "{:?}", bounds(0.25));
        assert_eq!((negatives.gap(last, 0.5), negatives.gap(last, 1.0)), (last, last));
    }

    #[test]
    fn near_pairs_count_less_and_those_that_look_alike_not_at_all() {
        let negatives = Negatives { full_from_ms: 400.0, least_change: 0.2, ..Negatives::default() };
        assert_eq!([100.0, 400.0, 900.0].map(|ms| negatives.weight(ms, None)), [0.25, 1.0, 1.0]);
        assert_eq!([0.1, 0.2].map(|change| negatives.weight(900.0, Some(change))), [0.0, 1.0]);
        assert_eq!(Negatives::default().weight(1.0, Some(0.0)), 1.0);
    }
}
