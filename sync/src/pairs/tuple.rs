//! The paper's training tuple.

use rand::{Rng, RngExt};

use super::gap_index::GapIndex;
use super::pair::{ImageRef, Pair, SamplerConfig};
use super::views::{different_views, nth_view};

/// The paper's training tuple (Jenni & Favaro 2020, §3 and Fig. 2): four pictures, three pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TupleDraw {
    /// `(v1, t1), (v2, t1)` with `v1 ≠ v2`.
    pub synced: Pair,
    /// `(v2, t1), (v3, t2)` with `v3 ≠ v2`.
    pub unsynced: Pair,
    /// `synced` with exactly one side mirrored.
    pub flipped: Pair,
}

pub(crate) fn draw(index: &GapIndex, config: &SamplerConfig, rng: &mut impl Rng) -> Option<TupleDraw> {
    let (mut p1, mut p2) = index.pair(rng)?;
    // An unordered pair, ordered at random, so that t1 and t2 have the same distribution.
    if rng.random_bool(0.5) {
        std::mem::swap(&mut p1, &mut p2);
    }
    let (v2, v3) = draw_different(index.meta(p1).views, index.meta(p2).views, rng)?;
    let v1 = draw_other(index.meta(p1).views, v2, rng)?;

    let mirrored = config.common_flip && rng.random_bool(0.5);
    let image = |p: usize, view: u16| ImageRef { instant: index.sorted[p], view, mirrored };
    let synced = Pair { a: image(p1, v1), b: image(p1, v2) };
    let unsynced = Pair { a: synced.b, b: image(p2, v3) };
    Some(TupleDraw { synced, unsynced, flipped: mirror_one_side(synced, rng) })
}

pub(crate) fn mirror_one_side(pair: Pair, rng: &mut impl Rng) -> Pair {
    let Pair { mut a, mut b } = pair;
    let side = if rng.random_bool(0.5) { &mut a } else { &mut b };
    side.mirrored = !side.mirrored;
    Pair { a, b }
}

/// A view of `mask` other than `view`, uniformly drawn.
pub(crate) fn draw_other(mask: u32, view: u16, rng: &mut impl Rng) -> Option<u16> {
    let others = mask & !(1 << view);
    nth_view(others, rng.random_range(0..others.count_ones().max(1)) as usize)
}

fn draw_different(a: u32, b: u32, rng: &mut impl Rng) -> Option<(u16, u16)> {
    let drawn: f64 = rng.random();
    let mut through = 0.0;
    let mut last = None;
    for (u, w, weight) in different_views(a, b).filter(|&(_, _, weight)| weight > 0.0) {
        through += weight;
        last = Some((u, w));
        if drawn < through {
            break;
        }
    }
    last
}
