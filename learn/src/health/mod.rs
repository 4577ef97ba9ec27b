//! Scores of pairs of cameras at shifts of a few frames, by a network that was pretrained on known-good sync. What they
//! say about the cameras is worked out in [`frame_sync::health`].

mod live;
mod network;
mod seen;
mod take_scores;

pub use live::LiveHealth;
pub use network::Witness;
pub use take_scores::TakeScores;
