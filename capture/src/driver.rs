//! What a camera driver is, and what it says of its units.

use std::time::Duration;

use frame::{HostTime, LossReason, Picture, Problem, SegmentId, Slot, SourcePosition, TriggerIndex};
pub use frame_sync::timing::DeviceClock;
use thiserror::Error;

/// When a unit was exposed, in the words of whoever knows it best.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stamp {
    /// Start of exposure on the host's clock: the kernel's, or a replay's.
    Host(HostTime),
    /// What the device's own clock showed, see [`CameraDriver::clock`], and when the host had the whole unit.
    Device { ticks: u64, arrival_ns: i64 },
}

/// What a camera's unit is, beside its bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unit {
    /// Where the driver knows of seams, the one before the unit; for recordings the segment in which it was recorded.
    pub segment: SegmentId,
    /// Start of exposure.
    pub exposure: Stamp,
    pub exposure_duration_ns: u32,
    /// The device's own count of frames, one a pulse, without wraps: the driver knows where it wraps.
    pub counter: Option<u64>,
    /// Set by drivers that know it for certain, see [`CameraDriver::knows_pulses`]: a replayed take.
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

/// One reading of a device's clock between two of the host's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latch {
    pub before_ns: i64,
    pub ticks: u64,
    pub after_ns: i64,
}

/// What a device tells of itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Health {
    pub temperature_c: Option<f64>,
    /// The stream's own counters that are worth a look, by the driver's names: resent packets, underruns.
    pub counters: Vec<(String, u64)>,
}

/// One camera, opened and armed. Capture owns the thread that calls it.
pub trait CameraDriver: Send {
    /// Waits at most `wait` for the next unit and copies it into `slot`, once. Without a slot the unit is taken from
    /// the device and dropped, so that the device's own queue does not fill.
    fn next(&mut self, slot: Option<&mut Slot>, wait: Duration) -> Result<DriverEvent, DriverError>;

    /// The clock of [`Stamp::Device`]; none for drivers that stamp on the host's clock.
    fn clock(&self) -> Option<DeviceClock> {
        None
    }

    /// Whether it knows the pulses of its units for certain: then one without a number has none.
    fn knows_pulses(&self) -> bool {
        false
    }

    /// Reads the device's clock, where it can be read apart from frames. Asked between units, about twice a second.
    fn latch(&mut self) -> Result<Option<Latch>, DriverError> {
        Ok(None)
    }

    /// Exposes one picture now. Only cameras that were opened for software triggers can.
    fn fire(&mut self) -> Result<(), DriverError> {
        Err(DriverError::Stream("this camera takes no software trigger".into()))
    }

    /// Asked every few seconds.
    fn health(&mut self) -> Health {
        Health::default()
    }
}

/// Why a camera does not deliver. The camera's name is added by whoever owns the driver.
#[derive(Debug, Error)]
pub enum DriverError {
    /// It cannot be opened as it was asked for.
    #[error("{0}")]
    Open(Problem),
    /// It was open and does not deliver any more.
    #[error("{0}")]
    Stream(String),
}

impl From<DriverError> for Problem {
    fn from(error: DriverError) -> Self {
        match error {
            DriverError::Open(problem) => problem,
            DriverError::Stream(what) => Self::new(what),
        }
    }
}

impl DriverError {
    pub fn open(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Open(Problem::with_remedy(what, remedy))
    }

    /// The same, said of a file.
    #[cfg(feature = "gstreamer")]
    pub(crate) fn in_file(self, path: &std::path::Path) -> Self {
        match self {
            Self::Open(problem) => Self::Open(problem.of(path.display())),
            other => other,
        }
    }
}
