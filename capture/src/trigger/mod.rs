//! What exposes the cameras together.

#[cfg(feature = "trigger-box")]
mod box_train;
#[cfg(feature = "trigger-box")]
mod protocol;
#[cfg(feature = "trigger-box")]
mod serial_box;
#[cfg(feature = "trigger-box")]
mod serial_line;
#[cfg(all(test, feature = "trigger-box"))]
mod tests;

use frame_sync::PulseTrain;
use thiserror::Error;

#[cfg(feature = "trigger-box")]
pub use serial_box::{TriggerBox, TriggerBoxSettings};

/// A source of trigger pulses. Capture starts it once all cameras are armed, so that pulse 0 is the same instant for
/// each of them, and asks it from a thread of its own.
pub trait TriggerSource: Send {
    /// Begins the pulses; the next one is pulse 0.
    fn start(&mut self) -> Result<(), TriggerError>;

    /// What is known now of the pulses on the host's clock; none before enough is known. Called a few times a second;
    /// may take as long as a round trip to the source.
    fn pulses(&mut self) -> Result<Option<PulseTrain>, TriggerError>;

    /// Ends the pulses, as well as it can.
    fn stop(&mut self);
}

/// Why there are no pulses.
#[derive(Debug, Error)]
pub enum TriggerError {
    #[error("{what}: {remedy}")]
    Open { what: String, remedy: String },
    /// It was there and does not answer any more.
    #[error("{0}")]
    Lost(String),
}
