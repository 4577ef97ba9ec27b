//! How far apart in time the instants of an unsynchronised pair are.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How far apart in time the two instants of an unsynchronised pair are: `min < |Δ| < max`, both exclusive.
///
/// In TOML: `{ frames = { min = 4, max = 128, rate-hz = 50.0 } }` or `{ ms = { min = 80.0, max = 2560.0 } }`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum PairGap {
    /// In frames of a nominal rate, as in the paper.
    #[serde(rename_all = "kebab-case")]
    Frames {
        /// Lower bound in frames.
        min: u32,
        /// Upper bound in frames.
        max: u32,
        /// Frames per second by which the bounds are converted to time.
        rate_hz: f64,
    },
    /// In milliseconds, for live cameras of any rate.
    Ms {
        /// Lower bound in ms.
        min: f64,
        /// Upper bound in ms.
        max: f64,
    },
}

/// Why a pair gap cannot hold any pair.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum PairGapError {
    #[error("the pair gap's rate is {0} Hz; it must be a positive number")]
    Rate(f64),
    #[error(
        "the pair gap goes from {min_ns} ns to {max_ns} ns; the lower bound must be at least 0 and below the upper"
    )]
    Bounds { min_ns: i64, max_ns: i64 },
}

impl Default for PairGap {
    /// Jenni & Favaro 2020, §4: d_min 4 and d_max 128 frames, at Human3.6M's 50 Hz.
    fn default() -> Self {
        Self::Frames { min: 4, max: 128, rate_hz: 50.0 }
    }
}

impl PairGap {
    /// Exclusive bounds of `|Δ|` in nanoseconds: `(min, max)`.
    pub fn bounds_ns(&self) -> (i64, i64) {
        match *self {
            Self::Frames { min, max, rate_hz } => {
                let ns = |frames: u32| (f64::from(frames) * 1e9 / rate_hz).round() as i64;
                (ns(min), ns(max))
            }
            Self::Ms { min, max } => ((min * 1e6).round() as i64, (max * 1e6).round() as i64),
        }
    }

    /// Checks that the gap can hold a pair.
    ///
    /// # Errors
    /// A rate that is not a positive number, a lower bound below 0, or an upper bound that is not above the lower one.
    pub fn check(&self) -> Result<(), PairGapError> {
        if let Self::Frames { rate_hz, .. } = *self
            && !(rate_hz.is_finite() && rate_hz > 0.0)
        {
            return Err(PairGapError::Rate(rate_hz));
        }
        let (min_ns, max_ns) = self.bounds_ns();
        if min_ns < 0 || max_ns <= min_ns { Err(PairGapError::Bounds { min_ns, max_ns }) } else { Ok(()) }
    }

    /// Whether two instants of one segment, by their exposures in ns, form an unsynchronised pair.
    pub fn holds(&self, a_ns: i64, b_ns: i64) -> bool {
        let (min_ns, max_ns) = self.bounds_ns();
        let apart_ns = (a_ns - b_ns).abs();
        min_ns < apart_ns && apart_ns < max_ns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paper_counts_frames_at_50_hz_and_excludes_both_ends() {
        let gap = PairGap::default();
        assert_eq!(gap.bounds_ns(), (80_000_000, 2_560_000_000));
        let frame = 20_000_000;
        let valid: Vec<i64> = (0..200).filter(|k| gap.holds(7, 7 + k * frame)).collect();
        assert_eq!((valid.first(), valid.last(), valid.len()), (Some(&5), Some(&127), 123));
    }

    #[test]
    fn nonsense_is_named() {
        assert!(matches!(PairGap::Frames { min: 4, max: 128, rate_hz: 0.0 }.check(), Err(PairGapError::Rate(_))));
        assert!(matches!(PairGap::Ms { min: 50.0, max: 50.0 }.check(), Err(PairGapError::Bounds { .. })));
        assert!(matches!(PairGap::Ms { min: f64::NAN, max: f64::NAN }.check(), Err(PairGapError::Bounds { .. })));
        assert_eq!(PairGap::default().check(), Ok(()));
    }
}
