//! Which pairs of pictures to learn from, and which instants to hold out for evaluation.

mod all_pairs;
mod evaluation_pairs;
mod gap_index;
mod history;
mod hold_out;
mod pair;
mod pair_gap;
mod sampler;
mod tuple;
mod views;

pub use all_pairs::{AllPairsDraw, WeightedPair};
pub use evaluation_pairs::LabelledPair;
pub use history::{InstantMeta, MomentHistory};
pub use hold_out::{HoldOut, LiveHoldOut, Side};
pub use pair::{ImageRef, Pair, SamplerConfig};
pub use pair_gap::{PairGap, PairGapError};
pub use sampler::PairSampler;
pub use tuple::TupleDraw;
