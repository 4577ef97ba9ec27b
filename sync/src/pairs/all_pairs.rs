//! All pairs among the pictures of several instants.

use std::ops::Range;

use rand::{Rng, RngExt};

use super::gap_index::GapIndex;
use super::pair::{ImageRef, SamplerConfig};
use super::views::{different_views, nth_view, views};

/// A pair within a batch whose pairs are all scored by one matrix product.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeightedPair {
    /// Index into the batch's images.
    pub a: u32,
    /// Index into the batch's images, above `a`.
    pub b: u32,
    /// The label: see [`AllPairsDraw`].
    pub positive: bool,
    /// Weight of its term in the loss; how they sum is stated at [`AllPairsDraw`].
    pub weight: f32,
}

/// All pairs among the pictures of several instants of one segment, each picture mirrored independently at random.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AllPairsDraw {
    /// The batch's images, by time, then by view.
    pub images: Vec<ImageRef>,
    /// Pairs of different views that are both mirrored or both not. Positive: of one instant. Negative: of two instants
    /// a valid gap apart. The weights of each class sum to 1, and each *image* weighs the same in both classes. An
    /// image without another of its instant and mirroring is in no pair. May be empty in a batch of few views.
    pub sync_pairs: Vec<WeightedPair>,
    /// Pairs of different views of one instant. Positive: both mirrored or both not. The weights of each class sum to 1
    /// in expectation only: dividing by the actual sizes of the classes would favour instants by the number of their
    /// views.
    pub flip_pairs: Vec<WeightedPair>,
}

/// `weight` is that of negatives of two instants, indices into the history.
pub(crate) fn draw(
    index: &GapIndex,
    config: &SamplerConfig,
    times: usize,
    weight: &dyn Fn(usize, usize) -> f64,
    rng: &mut impl Rng,
) -> Option<AllPairsDraw> {
    let chosen = choose_times(index, config, times, rng)?;
    let mut draw = AllPairsDraw::default();
    let mut instants = Vec::with_capacity(chosen.len());
    for p in chosen {
        let meta = *index.meta(p);
        let mirrored = mirrored_views(meta.views, config.common_flip, rng);
        let first = draw.images.len() as u32;
        draw.images.extend(views(meta.views).map(|view| ImageRef {
            instant: index.sorted[p],
            view,
            mirrored: mirrored >> view & 1 == 1,
        }));
        let alike = [meta.views & !mirrored, meta.views & mirrored];
        instants.push(Instant { at: index.sorted[p], first, views: meta.views, alike, exposure_ns: meta.exposure_ns });
    }
    draw.flip_pairs = flip_pairs(&instants);
    draw.sync_pairs = sync_pairs(&instants, config, weight);
    Some(draw)
}

struct Instant {
    /// Its index into the history.
    at: usize,
    /// Index of its first image in the batch.
    first: u32,
    views: u32,
    /// Its views that are not mirrored, and those that are.
    alike: [u32; 2],
    exposure_ns: i64,
}

impl Instant {
    fn image(&self, view: u16) -> u32 {
        self.first + (self.views & ((1 << view) - 1)).count_ones()
    }

    /// Pairs of images whose views are both in `mask`.
    fn pairs_in(&self, mask: u32) -> impl Iterator<Item = (u32, u32)> {
        views(mask).flat_map(move |u| views(mask).filter(move |&w| u < w).map(move |w| (self.image(u), self.image(w))))
    }
}

/// Positions of `times` distinct instants, ascending: a uniformly drawn valid pair, which ensures that there are
/// negatives and weighs segments by their number of pairs, and further instants spread evenly over a stretch around it.
fn choose_times(index: &GapIndex, config: &SamplerConfig, times: usize, rng: &mut impl Rng) -> Option<Vec<usize>> {
    let (early, late) = index.pair(rng)?;
    let (_, max_ns) = config.gap.bounds_ns();
    let (early_ns, late_ns) = (index.meta(early).exposure_ns, index.meta(late).exposure_ns);
    // A stretch as long as the gap's upper bound, so that no two of its instants are too far apart; inside the segment
    // if it fits.
    let (first_ns, last_ns) = index.segment_extent_ns(early);
    let lowest = (late_ns - max_ns + 1).max(first_ns).min(early_ns);
    let highest = early_ns.min(last_ns - max_ns + 1).max(lowest);
    let start_ns = rng.random_range(lowest..=highest);
    let stretch = index.window(early, start_ns, start_ns.saturating_add(max_ns));

    let mut chosen = spread(stretch, [early, late], times.max(2) - 2, rng);
    chosen.extend([early, late]);
    chosen.sort_unstable();
    Some(chosen)
}

/// `count` positions of `range` without `except`, one from each of as many equal parts; all when there are fewer.
fn spread(range: Range<usize>, except: [usize; 2], count: usize, rng: &mut impl Rng) -> Vec<usize> {
    let others: Vec<usize> = range.filter(|p| !except.contains(p)).collect();
    if others.len() <= count {
        return others;
    }
    (0..count)
        .map(|part| {
            let (from, to) = (part * others.len() / count, (part + 1) * others.len() / count);
            others[rng.random_range(from..to)]
        })
        .collect()
}

/// Which views of an instant are mirrored, drawn at random. Without the common flip at most one, so that mirrored
/// images are in flipped pairs only.
fn mirrored_views(mask: u32, common_flip: bool, rng: &mut impl Rng) -> u32 {
    if common_flip {
        return rng.random::<u32>() & mask;
    }
    let one = nth_view(mask, rng.random_range(0..mask.count_ones().max(1)) as usize);
    if rng.random_bool(0.5) { one.map_or(0, |view| 1 << view) } else { 0 }
}

fn flip_pairs(instants: &[Instant]) -> Vec<WeightedPair> {
    let mut pairs = Vec::new();
    for instant in instants {
        for mask in instant.alike {
            pairs.extend(instant.pairs_in(mask).map(|(a, b)| WeightedPair { a, b, positive: true, weight: 0.0 }));
        }
        let [plain, mirrored] = instant.alike;
        for (u, w) in views(plain).flat_map(|u| views(mirrored).map(move |w| (u, w))) {
            let (u, w) = (instant.image(u), instant.image(w));
            pairs.push(WeightedPair { a: u.min(w), b: u.max(w), positive: false, weight: 0.0 });
        }
    }
    let weight = 2.0 / pairs.len() as f32;
    pairs.iter_mut().for_each(|pair| pair.weight = weight);
    pairs
}

/// A group is the images of one instant and one mirroring, of two views or more. Two groups of equal mirroring a valid
/// gap apart form negatives, weighted such that each image of a group weighs the same; the group's positives then get
/// the weight that its images have in negatives.
fn sync_pairs(
    instants: &[Instant],
    config: &SamplerConfig,
    weight_of: &dyn Fn(usize, usize) -> f64,
) -> Vec<WeightedPair> {
    let mut pairs = Vec::new();
    let mut negative_weight = vec![[0.0f64; 2]; instants.len()];
    let mut total = 0.0;
    for (i, early) in instants.iter().enumerate() {
        for (j, late) in instants.iter().enumerate().skip(i + 1) {
            if !config.gap.holds(early.exposure_ns, late.exposure_ns) {
                continue;
            }
            let counts = weight_of(early.at, late.at);
            if counts <= 0.0 {
                continue;
            }
            for (side, (a, b)) in early.alike.into_iter().zip(late.alike).enumerate() {
                if a.count_ones() < 2 || b.count_ones() < 2 {
                    continue;
                }
                let weight = counts * f64::from(a.count_ones() * b.count_ones());
                negative_weight[i][side] += weight;
                negative_weight[j][side] += weight;
                total += weight;
                pairs.extend(different_views(a, b).filter(|&(_, _, share)| share > 0.0).map(|(u, w, share)| {
                    let weight = (weight * share) as f32;
                    WeightedPair { a: early.image(u), b: late.image(w), positive: false, weight }
                }));
            }
        }
    }
    for (instant, weights) in instants.iter().zip(negative_weight) {
        for (mask, weight) in instant.alike.into_iter().zip(weights).filter(|&(_, weight)| weight > 0.0) {
            let n = f64::from(mask.count_ones());
            // Half of the weight, since a negative pair counts for both its groups, divided among n (n - 1) / 2 pairs.
            let weight = (weight / (n * (n - 1.0))) as f32;
            pairs.extend(instant.pairs_in(mask).map(|(a, b)| WeightedPair { a, b, positive: true, weight }));
        }
    }
    pairs.iter_mut().for_each(|pair| pair.weight /= total as f32);
    pairs
}
