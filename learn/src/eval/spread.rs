//! Picks a fixed random subset.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::seeds::seed_of;

/// A subset of `count` rows in their original order, the same for each call; all rows if `count` is 0. The choice is
/// random rather than evenly spaced, which could coincide with the order of views or instants.
pub(crate) fn spread(rows: &[u32], count: usize) -> Vec<u32> {
    if count == 0 || rows.len() <= count {
        return rows.to_vec();
    }
    let mut rows = rows.to_vec();
    let mut rng = ChaCha8Rng::seed_from_u64(seed_of(&[rows.len() as u64]));
    let (chosen, _) = rows.partial_shuffle(&mut rng, count);
    let mut chosen = chosen.to_vec();
    chosen.sort_unstable();
    chosen
}
