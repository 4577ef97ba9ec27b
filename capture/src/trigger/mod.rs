//! Trigger sources, which make all cameras expose together.

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
    /// Unknown: triggers stay unresolved, unless a driver knows them.
    Unknown,
    /// Known in advance, and started by whoever created the cameras.
    Known(PulseTrain),
    /// Capture starts them, once the cameras are armed.
    From(Box<dyn TriggerSource>),
}
#[cfg(feature = "trigger-box")]
pub use serial_box::{TriggerBox, TriggerBoxSettings};

/// A source of trigger pulses. Capture starts it once all cameras are armed, so that pulse 0 is the same instant for
/// each of them, and polls it from a thread of its own.
pub trait TriggerSource: Send {
    /// Starts the pulses; the next one is pulse 0. Fails if the source is not reachable or refuses; capture then tries
    /// again.
    fn start(&mut self) -> Result<(), TriggerError>;

    /// The pulses on the host's clock as known now; `None` while too little is known. Called a few times a second; may
    /// take as long as a round trip to the source. Fails if the pulses are lost; capture then calls
    /// [`start`](Self::start) again.
    fn pulses(&mut self) -> Result<Option<PulseTrain>, TriggerError>;

    /// Increases whenever the pulses restart by themselves; their numbers then start from 0 again.
    fn opening(&self) -> u32 {
        0
    }

    /// The session of the host that started the pulses, if it was another host.
    fn epoch(&self) -> Option<u32> {
        None
    }

    /// Where cameras report their exposures, for sources that learn the pulses from them.
    #[doc(hidden)]
    fn exposures(&self) -> Option<Exposures> {
        None
    }

    /// Stops the pulses, on a best-effort basis.
    fn stop(&mut self);
}

/// Why there are no pulses.
#[derive(Debug, Error)]
pub enum TriggerError {
    /// It cannot be opened as requested.
    #[error("{0}")]
    Open(Problem),
    /// It was open, but does not answer any more.
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
