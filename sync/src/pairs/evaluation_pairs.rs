//! Balanced pairs with their labels, for evaluation.

use rand::{Rng, RngExt};

use super::gap_index::GapIndex;
use super::pair::{ImageRef, Pair, SamplerConfig};
use super::tuple::{draw_other, mirror_one_side};
use super::views::nth_view;

/// A pair with its label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelledPair {
    /// The two images.
    pub pair: Pair,
    /// Whether it is synchronised, or for pairs of the flip task not flipped.
    pub positive: bool,
}

/// Groups of four pairs over two views of each of two instants. Positives: `(u, t)(u', t)` and `(w, s)(w', s)`.
/// Negatives: `(u, t)(w, s)` and `(u', t)(w', s)`. Any score that is a sum over single images is thus the same for both
/// classes.
pub(crate) fn sync(index: &GapIndex, config: &SamplerConfig, n: usize, rng: &mut impl Rng) -> Vec<LabelledPair> {
    let mut pairs = Vec::with_capacity(n.next_multiple_of(4));
    while pairs.len() < n {
        let Some((mut t, mut s)) = index.pair(rng) else { break };
        if rng.random_bool(0.5) {
            std::mem::swap(&mut t, &mut s);
        }
        let ((u, u2), (w, w2)) = loop {
            let (Some(at_t), Some(at_s)) = (two_views(index.meta(t).views, rng), two_views(index.meta(s).views, rng))
            else {
                return pairs;
            };
            // At least half of the draws pass, whatever the masks.
            if at_t.0 != at_s.0 && at_t.1 != at_s.1 {
                break (at_t, at_s);
            }
        };
        let mirrored = config.common_flip && rng.random_bool(0.5);
        let image = |p: usize, view: u16| ImageRef { instant: index.sorted[p], view, mirrored };
        let (a, a2, b, b2) = (image(t, u), image(t, u2), image(s, w), image(s, w2));
        for (a, b, positive) in [(a, a2, true), (b, b2, true), (a, b, false), (a2, b2, false)] {
            pairs.push(LabelledPair { pair: Pair { a, b }, positive });
        }
    }
    pairs
}

/// Pairs of different views of one instant, each as it is and with one side mirrored.
pub(crate) fn flip(index: &GapIndex, config: &SamplerConfig, n: usize, rng: &mut impl Rng) -> Vec<LabelledPair> {
    let mut pairs = Vec::with_capacity(n.next_multiple_of(2));
    while pairs.len() < n && !index.sorted.is_empty() {
        let p = rng.random_range(0..index.sorted.len());
        let Some((u, u2)) = two_views(index.meta(p).views, rng) else { break };
        let mirrored = config.common_flip && rng.random_bool(0.5);
        let image = |view: u16| ImageRef { instant: index.sorted[p], view, mirrored };
        let pair = Pair { a: image(u), b: image(u2) };
        pairs.push(LabelledPair { pair, positive: true });
        pairs.push(LabelledPair { pair: mirror_one_side(pair, rng), positive: false });
    }
    pairs
}

/// Two different views of a mask, uniformly drawn.
fn two_views(mask: u32, rng: &mut impl Rng) -> Option<(u16, u16)> {
    let first = nth_view(mask, rng.random_range(0..mask.count_ones().max(1)) as usize)?;
    Some((first, draw_other(mask, first, rng)?))
}
