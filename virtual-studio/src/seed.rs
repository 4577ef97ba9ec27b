//! Random numbers that depend only on a seed and a name, so that an additional draw changes nothing elsewhere.

use std::hash::Hasher;
use std::ops::RangeInclusive;

use fnv::FnvHasher;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The stream `name` of a seed.
pub(crate) fn stream(seed: u64, name: &str) -> ChaCha8Rng {
    stream_at(seed, name, 0)
}

/// The stream `name` of a seed for the `index`-th thing of its kind.
pub(crate) fn stream_at(seed: u64, name: &str, index: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(derive(seed, name));
    rng.set_stream(index);
    rng
}

/// A separate seed for `name`.
pub(crate) fn derive(seed: u64, name: &str) -> u64 {
    // FNV-1a, then the finaliser of SplitMix64, because the low bits of FNV alone are poor.
    let mut hash = FnvHasher::default();
    hash.write(name.as_bytes());
    let mixed = (hash.finish() ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_add(seed);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Uniform over a range; its start if it is a single value.
pub(crate) fn within(rng: &mut ChaCha8Rng, range: RangeInclusive<f32>) -> f32 {
    let (start, end) = range.into_inner();
    start + (end - start) * rng.random::<f32>()
}

/// A normal deviate, by Box and Muller.
pub(crate) fn normal(rng: &mut ChaCha8Rng) -> f32 {
    let (u, v): (f32, f32) = (1.0 - rng.random::<f32>(), rng.random());
    (-2.0 * u.ln()).sqrt() * (std::f32::consts::TAU * v).cos()
}
