//! Draws the pairs for SYNC from a history of instants.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::all_pairs::{self, AllPairsDraw};
use super::evaluation_pairs::{self, LabelledPair};
use super::gap_index::GapIndex;
use super::instant::InstantMeta;
use super::pair::SamplerConfig;
use super::tuple::{self, TupleDraw};

/// Draws the pairs for SYNC (Jenni & Favaro 2020, §3) from a history of instants.
///
/// Every draw is balanced: an image is as frequent among positives as among negatives, whatever its instant, view and
/// mirroring, even near the end of a take or with views missing. So a head cannot gain by anything that it sees in
/// single images, or adds up from two of them. Instants with fewer than two views are ignored.
///
/// The same seed and calls give the same draws.
pub struct PairSampler {
    config: SamplerConfig,
    rng: ChaCha8Rng,
    index: GapIndex,
}

impl PairSampler {
    /// A sampler whose draws are determined by `seed`.
    pub fn new(config: SamplerConfig, seed: u64) -> Self {
        Self { config, rng: ChaCha8Rng::seed_from_u64(seed), index: GapIndex::default() }
    }

    /// How it draws.
    pub fn config(&self) -> &SamplerConfig {
        &self.config
    }

    /// The three pairs of the paper's training tuple; `None` while no two instants of a segment are a valid gap apart.
    pub fn tuple(&mut self, instants: &[InstantMeta]) -> Option<TupleDraw> {
        self.index.update(instants, self.config.gap.bounds_ns());
        tuple::draw(&self.index, &self.config, &mut self.rng)
    }

    /// All pairs among `times` instants of one segment, spread over a stretch as long as the gap's upper bound. Fewer
    /// instants if that stretch holds fewer, but at least two. `None` as for [`tuple`](Self::tuple).
    pub fn all_pairs(&mut self, instants: &[InstantMeta], times: usize) -> Option<AllPairsDraw> {
        self.weighed_pairs(instants, times, &|_, _| 1.0)
    }

    /// [`all_pairs`](Self::all_pairs) whose unsynchronised pairs count by the weight of their two instants, indices into
    /// `instants`. The classes stay balanced: an image weighs the same in both.
    pub fn weighed_pairs(
        &mut self,
        instants: &[InstantMeta],
        times: usize,
        weight: &dyn Fn(usize, usize) -> f64,
    ) -> Option<AllPairsDraw> {
        self.index.update(instants, self.config.gap.bounds_ns());
        all_pairs::draw(&self.index, &self.config, times, weight, &mut self.rng)
    }

    /// `n` pairs for evaluation, half of them synchronised; `n` is rounded up to a multiple of four. In each group of
    /// four, every image is in one pair of each class. Empty where [`tuple`](Self::tuple) would be `None`.
    pub fn sync_pairs(&mut self, instants: &[InstantMeta], n: usize) -> Vec<LabelledPair> {
        self.index.update(instants, self.config.gap.bounds_ns());
        evaluation_pairs::sync(&self.index, &self.config, n, &mut self.rng)
    }

    /// `n` pairs of one instant each for evaluation, half of them as they are (positive), half with exactly one side
    /// mirrored; `n` is rounded up to an even number. Empty if no instant has two views.
    pub fn flip_pairs(&mut self, instants: &[InstantMeta], n: usize) -> Vec<LabelledPair> {
        self.index.update(instants, self.config.gap.bounds_ns());
        evaluation_pairs::flip(&self.index, &self.config, n, &mut self.rng)
    }
}
