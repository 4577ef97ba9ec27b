//! What exposes the cameras together.

mod arming;
mod board;
#[cfg(feature = "trigger-box")]
mod box_train;
mod observed;
#[cfg(feature = "trigger-box")]
mod protocol;
#[cfg(feature = "trigger-box")]
mod serial_box;
#[cfg(feature = "trigger-box")]
mod serial_line;
mod software;
#[cfg(all(test, feature = "trigger-box"))]
mod tests;
mod thread;

use frame::Problem;
use frame_sync::timing::PulseTrain;
use thiserror::Error;

pub(crate) use arming::Arming;
pub use board::{Published, PulseBoard};
pub use observed::{Exposures, ObservedTrigger};
pub use software::SoftwareTrigger;
pub(crate) use thread::{TriggerThread, pause};

/// Where a capture's pulses come from.
pub enum Pulses {
    /// Nowhere that anybody knows of: triggers stay unresolved, except where a driver knows them.
    Unknown,
    /// They come at these times, started by whoever made the cameras.
    Known(PulseTrain),
    /// Capture starts them, once the cameras are armed.
    From(Box<dyn TriggerSource>),
}
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

    /// Goes up when the pulses began again by themselves: their numbers then start from 0 again.
    fn opening(&self) -> u32 {
        0
    }

    /// The session whose pulses these are, where another host began them.
    fn epoch(&self) -> Option<u32> {
        None
    }

    /// Where the cameras are to tell what they exposed, for sources that learn from that.
    #[doc(hidden)]
    fn exposures(&self) -> Option<Exposures> {
        None
    }

    /// Ends the pulses, as well as it can.
    fn stop(&mut self);
}

/// Why there are no pulses.
#[derive(Debug, Error)]
pub enum TriggerError {
    /// It cannot be opened, or not as it was asked for.
    #[error("{0}")]
    Open(Problem),
    /// It was there and does not answer any more.
    #[error("{0}")]
    Lost(String),
}

impl From<TriggerError> for Problem {
    fn from(error: TriggerError) -> Self {
        match error {
            TriggerError::Open(problem) => problem,
            TriggerError::Lost(what) => Self::new(what),
        }
    }
}
