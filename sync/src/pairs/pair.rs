//! Two pictures that are judged together, and how they are chosen.

use super::pair_gap::PairGap;

/// One picture of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ImageRef {
    /// Index into the slice of instants that the sampler was given.
    pub instant: usize,
    pub view: u16,
    /// To be shown as in a mirror, left and right exchanged.
    pub mirrored: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pair {
    pub a: ImageRef,
    pub b: ImageRef,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SamplerConfig {
    pub gap: PairGap,
    /// Mirror all pictures of a tuple by one coin before one of them is mirrored for the flipped pair, so that a
    /// single picture never tells whether its pair is flipped. Switched off only to show that the check for that
    /// can fail.
    pub common_flip: bool,
}

impl Default for SamplerConfig {
    fn default() -> Self {
        Self { gap: PairGap::default(), common_flip: true }
    }
}
