//! Which pairs of pictures to learn from, and which instants to hold out for evaluation.

mod all_pairs;
mod evaluation_pairs;
mod gap_index;
mod hold_out;
mod instant;
mod pair;
mod pair_gap;
mod sampler;
mod tuple;
mod views;

pub use all_pairs::{AllPairsDraw, WeightedPair};
pub use evaluation_pairs::LabelledPair;
pub use hold_out::{HoldOut, LiveHoldOut, Side};
pub use instant::InstantMeta;
pub use pair::{ImageRef, Pair, SamplerConfig};
pub use pair_gap::{PairGap, PairGapError};
pub use sampler::PairSampler;
pub use tuple::TupleDraw;
