//! Draws the pairs of SYNC from a history of instants.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::all_pairs::{self, AllPairsDraw};
use super::evaluation_pairs::{self, LabelledPair};
use super::gap_index::GapIndex;
use super::history::InstantMeta;
use super::pair::SamplerConfig;
use super::tuple::{self, TupleDraw};

/// Draws the pairs of SYNC (Jenni & Favaro 2020, §3) from a history of instants.
///
/// Every draw is balanced: a picture is as frequent among positives as among negatives, whichever its instant, view
/// and mirroring, near the end of a take and with views missing too. What a head can see in one picture alone, or
/// add up from two, is therefore worth nothing. Instants with fewer than two views are left aside.
///
/// The same seed and the same calls give the same draws.
pub struct PairSampler {
    config: SamplerConfig,
    rng: ChaCha8Rng,
    index: GapIndex,
}

impl PairSampler {
    pub fn new(config: SamplerConfig, seed: u64) -> Self {
        Self { config, rng: ChaCha8Rng::seed_from_u64(seed), index: GapIndex::default() }
    }

    pub fn config(&self) -> &SamplerConfig {
        &self.config
    }

    /// Four pictures in the paper's form; `None` while no two instants of a segment are a valid gap apart.
    pub fn tuple(&mut self, instants: &[InstantMeta]) -> Option<TupleDraw> {
        self.index.update(instants, self.config.gap.bounds_ns());
        tuple::draw(&self.index, &self.config, &mut self.rng)
    }

    /// All pairs among `times` instants of one segment, spread over a stretch as long as the gap's upper bound.
    /// Fewer where the segment holds fewer, but at least two; `None` as for [`tuple`](Self::tuple).
    pub fn all_pairs(&mut self, instants: &[InstantMeta], times: usize) -> Option<AllPairsDraw> {
        self.index.update(instants, self.config.gap.bounds_ns());
        all_pairs::draw(&self.index, &self.config, times, &mut self.rng)
    }

    /// `n` synchronised and unsynchronised pairs in equal parts for evaluation, `n` rounded up to a multiple of
    /// four: within each four, every picture is in one pair of either class. Empty where [`tuple`](Self::tuple)
    /// would be `None`.
    pub fn sync_pairs(&mut self, instants: &[InstantMeta], n: usize) -> Vec<LabelledPair> {
        self.index.update(instants, self.config.gap.bounds_ns());
        evaluation_pairs::sync(&self.index, &self.config, n, &mut self.rng)
    }

    /// `n` pairs of one instant for evaluation, `n` rounded up to an even number: half of them as they are
    /// (positive), half with exactly one side mirrored. Empty where no instant has two views.
    pub fn flip_pairs(&mut self, instants: &[InstantMeta], n: usize) -> Vec<LabelledPair> {
        self.index.update(instants, self.config.gap.bounds_ns());
        evaluation_pairs::flip(&self.index, &self.config, n, &mut self.rng)
    }
}
