//! The scores of a stretch of instants.

/// The scores of all pairs of cameras over one stretch of consecutive instants.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// When it ended, ns.
    pub at_ns: i64,
    /// The pairs that could be scored.
    pub pairs: Vec<PairScores>,
}

/// The scores of one pair of cameras.
#[derive(Clone, Debug, PartialEq)]
pub struct PairScores {
    /// Two cameras, by their indices in the rig.
    pub cameras: [usize; 2],
    /// The mean score by shift, from −reach to reach frames: of the first camera's picture of an instant with the second
    /// one's so many frames later. Each mean is over the same instants of the first camera, or the highest one would show
    /// which instants overlap instead of which pictures belong together.
    pub scores: Vec<f64>,
    /// The lesser motion of the two, as a share of the outline that changes, 0 to 1.
    pub motion: f64,
}

impl PairScores {
    /// Whether it can be used: there is an odd number of scores, all of them finite, and enough motion.
    pub(super) fn is_usable(&self, reach: usize, min_motion: f64) -> bool {
        self.scores.len() == 2 * reach + 1
            && self.scores.iter().all(|score| score.is_finite())
            && self.motion >= min_motion
    }
}
