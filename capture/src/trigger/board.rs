//! What is known of the pulses, for all threads to read.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use frame_sync::timing::PulseTrain;

/// What is known of the pulses, for every camera thread to read beside its frames, and for whoever passes it on.
#[derive(Clone, Default)]
pub struct PulseBoard(Arc<ArcSwapOption<Published>>);

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Published {
    pub train: PulseTrain,
    /// Counts the times that the pulses began anew: each is a segment of its own.
    pub generation: u32,
}

impl PulseBoard {
    pub(crate) fn publish(&self, published: Option<Published>) {
        self.0.store(published.map(Arc::new));
    }

    pub fn read(&self) -> Option<Published> {
        self.0.load().as_deref().copied()
    }
}
