use std::time::Duration;

use frame::{HostTime, LossReason, Picture, SegmentId, Slot, SourcePosition, TriggerIndex};
use thiserror::Error;

/// What a camera's unit is, beside its bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unit {
    /// Where the driver knows of a seam, its own numbering of segments, from 0.
    pub segment: SegmentId,
    /// Start of exposure.
    pub exposure: HostTime,
    pub exposure_duration_ns: u32,
    /// The device's own counter of trigger pulses, where it has one.
    pub counter: Option<u64>,
    /// Set by drivers that know it for certain: a replayed take.
    pub trigger: TriggerIndex,
    pub source: Option<SourcePosition>,
    pub picture: Picture,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DriverEvent {
    /// A unit. Its bytes are in the slot, or dropped if there was none.
    Unit(Unit),
    /// The device says that units are missing before the next one.
    Lost { reason: LossReason, frames: u64 },
    /// Nothing came before the wait was over.
    Idle,
    /// The source is over and will not come back.
    Ended,
}

/// One camera, opened and armed. Capture owns the thread that calls it.
pub trait CameraDriver: Send {
    /// Waits at most `wait` for the next unit and copies it into `slot`, once. Without a slot the unit is taken from
    /// the device and dropped, so that the device's own queue does not fill.
    fn next(&mut self, slot: Option<&mut Slot>, wait: Duration) -> Result<DriverEvent, DriverError>;
}

/// Why a camera does not deliver. The camera's name is added by whoever owns the driver.
#[derive(Debug, Error)]
pub enum DriverError {
    #[error("{what}: {remedy}")]
    Open { what: String, remedy: String },
    #[error("{0}")]
    Stream(String),
}

impl DriverError {
    pub fn open(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Open { what: what.into(), remedy: remedy.into() }
    }

    /// The same, said of a file.
    #[cfg(feature = "gstreamer")]
    pub(crate) fn in_file(self, path: &std::path::Path) -> Self {
        match self {
            Self::Open { what, remedy } => Self::Open { what: format!("{}: {what}", path.display()), remedy },
            other => other,
        }
    }
}
