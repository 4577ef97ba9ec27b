//! Pairs of pictures, and how they are chosen.

use super::pair_gap::PairGap;

/// One picture of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ImageRef {
    /// Index into the slice of instants that the sampler was given.
    pub instant: usize,
    /// The view, a bit of [`InstantMeta::views`](super::InstantMeta::views).
    pub view: u16,
    /// Whether to mirror it, exchanging left and right.
    pub mirrored: bool,
}

/// Two pictures that a network judges together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pair {
    /// The first picture.
    pub a: ImageRef,
    /// The second picture.
    pub b: ImageRef,
}

/// How a [`PairSampler`](super::PairSampler) draws pairs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SamplerConfig {
    /// How far apart in time the instants of a negative pair are.
    pub gap: PairGap,
    /// Whether to mirror all pictures of a tuple together, at random, before one of them is mirrored for the flipped
    /// pair, so that a single picture never reveals whether its pair is flipped. Off only to show that the check for
    /// that can fail.
    pub common_flip: bool,
}

impl Default for SamplerConfig {
    fn default() -> Self {
        Self { gap: PairGap::default(), common_flip: true }
    }
}
