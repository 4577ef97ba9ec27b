//! The current knowledge of the pulses, shared between threads.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use frame_sync::timing::PulseTrain;

/// The current knowledge of the pulses, for the camera threads and for other readers.
#[derive(Clone, Default)]
pub struct PulseBoard(Arc<ArcSwapOption<Published>>);

/// The pulses as they are known now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Published {
    /// The times of the pulses on the host's clock.
    pub train: PulseTrain,
    /// The session of the host that started the pulses, if it was another host.
    pub epoch: Option<u32>,
    /// How often the pulses have restarted; each restart opens a new segment.
    pub opening: u32,
}

impl Published {
    /// Identifies this start of the pulses; after a change, pulses count from 0 again.
    pub(crate) fn beginning(&self) -> (Option<u32>, u32) {
        (self.epoch, self.opening)
    }
}

impl PulseBoard {
    pub(crate) fn publish(&self, published: Option<Published>) {
        self.0.store(published.map(Arc::new));
    }

    /// The pulses as known now; `None` while they are unknown.
    pub fn read(&self) -> Option<Published> {
        self.0.load().as_deref().copied()
    }
}
