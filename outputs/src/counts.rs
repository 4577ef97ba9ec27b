//! What became of the bodies for one receiver.

use serde::{Deserialize, Serialize};

/// How many bodies had which fate. Each has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Sent; where the protocol has no answers, nobody knows whether they arrived.
    pub sent: u64,
    /// Dropped because the receiver was too slow.
    pub too_slow: u64,
    /// Lost because nobody received.
    pub absent: u64,
    /// Lost because the receiver, or the way to it, failed.
    pub failed: u64,
    /// Left out because they were not whole.
    pub not_whole: u64,
}

impl Counts {
    /// How many the receiver did not get, as far as it is known.
    pub fn lost(&self) -> u64 {
        self.too_slow + self.absent + self.failed
    }
}
