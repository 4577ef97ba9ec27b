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
    /// The session whose pulses these are, where another host began them.
    pub epoch: Option<u32>,
    /// How often the pulses have begun again: each time opens a segment of its own.
    pub opening: u32,
}

impl Published {
    /// Which beginning of the pulses this is: another one means that they are counted from 0 again.
    pub(crate) fn beginning(&self) -> (Option<u32>, u32) {
        (self.epoch, self.opening)
    }
}

impl PulseBoard {
    pub(crate) fn publish(&self, published: Option<Published>) {
        self.0.store(published.map(Arc::new));
    }

    pub fn read(&self) -> Option<Published> {
        self.0.load().as_deref().copied()
    }
}
