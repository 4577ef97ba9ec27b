//! The trait of camera drivers, and the events and errors that they report.

use std::time::Duration;

use frame::{HostTime, LossReason, Picture, Problem, SegmentId, Slot, SourcePosition, TriggerIndex};
pub use frame_sync::timing::DeviceClock;
use thiserror::Error;

/// When a unit was exposed, by the best clock available.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stamp {
    /// Start of exposure on the host's clock, from the kernel or a replay.
    Host(HostTime),
    /// The reading of the device's own clock, see [`CameraDriver::clock`], and the host's time of arrival
    /// (`CLOCK_MONOTONIC`).
    Device {
        /// The device's clock, in ticks of [`DeviceClock::tick_ns`]; it wraps at [`DeviceClock::tick_bits`] bits.
        ticks: u64,
        /// When the host had received the whole unit, in ns.
        arrival_ns: i64,
    },
}

/// The metadata of one unit from a camera.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unit {
    /// The last seam before the unit, if the driver knows of seams; for recordings, the segment of the recording.
    pub segment: SegmentId,
    /// Start of exposure.
    pub exposure: Stamp,
    /// Exposure time in ns; 0 if unknown.
    pub exposure_duration_ns: u32,
    /// The device's own frame counter, one per pulse, unwrapped by the driver.
    pub counter: Option<u64>,
    /// Set only by drivers that know it for certain, such as replays; see [`CameraDriver::knows_pulses`].
    pub trigger: TriggerIndex,
    /// The position in the video or recording that is played; `None` for live cameras.
    pub source: Option<SourcePosition>,
    /// How to read the unit's bytes: format, size in pixels, and layout.
    pub picture: Picture,
}

/// What a driver delivers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DriverEvent {
    /// A unit. Its bytes are in the slot, or dropped if there was no slot.
    Unit(Unit),
    /// The device reports that `frames` units are missing before the next one.
    Lost {
        /// Why they are missing.
        reason: LossReason,
        /// How many are missing; at least 1.
        frames: u64,
    },
    /// Nothing arrived within the wait.
    Idle,
    /// The source has ended for good.
    Ended,
}

/// One reading of a device's clock, between two readings of the host's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Latch {
    /// The host's time before the reading, `CLOCK_MONOTONIC`.
    pub before_ns: i64,
    /// The device's clock, in ticks of [`DeviceClock::tick_ns`].
    pub ticks: u64,
    /// The host's time after the reading, `CLOCK_MONOTONIC`.
    pub after_ns: i64,
}

/// What a device reports about itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Health {
    /// The device's temperature in °C, if it reports one.
    pub temperature_c: Option<f64>,
    /// The stream's own counters, by the driver's names, such as resent packets or underruns.
    pub counters: Vec<(String, u64)>,
}

/// One camera, opened and armed. Capture owns the thread that calls it.
pub trait CameraDriver: Send {
    /// Waits at most `wait` for the next unit and copies it into `slot`, once. Without a slot the unit is taken from
    /// the device and dropped, so that the device's own queue does not fill. Fails if the camera does not deliver any
    /// more; capture then closes it and opens it again.
    fn next(&mut self, slot: Option<&mut Slot>, wait: Duration) -> Result<DriverEvent, DriverError>;

    /// The clock of [`Stamp::Device`]; none for drivers that stamp on the host's clock.
    fn clock(&self) -> Option<DeviceClock> {
        None
    }

    /// Whether the driver knows the pulses of its units for certain. If so, a unit without a pulse number has none.
    fn knows_pulses(&self) -> bool {
        false
    }

    /// Reads the device's clock; `None` if it cannot be read independently of frames. Called between units, about twice
    /// a second. After an error, capture closes the camera and opens it again.
    fn latch(&mut self) -> Result<Option<Latch>, DriverError> {
        Ok(None)
    }

    /// Exposes one picture now. Fails unless the camera was opened for software triggers.
    fn fire(&mut self) -> Result<(), DriverError> {
        Err(DriverError::Stream("this camera takes no software trigger".into()))
    }

    /// The device's health. Called every few seconds.
    fn health(&mut self) -> Health {
        Health::default()
    }
}

/// Why a camera does not deliver. The driver's owner adds the camera's name.
#[derive(Debug, Error)]
pub enum DriverError {
    /// It cannot be opened as requested.
    #[error("{0}")]
    Open(Problem),
    /// It was open, but has stopped delivering.
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
    /// An [`Open`](Self::Open) error with its remedy.
    pub fn open(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Open(Problem::with_remedy(what, remedy))
    }

    /// Adds the path of the file to an [`Open`](Self::Open) error.
    #[cfg(feature = "gstreamer")]
    pub(crate) fn in_file(self, path: &std::path::Path) -> Self {
        match self {
            Self::Open(problem) => Self::Open(problem.of(path.display())),
            other => other,
        }
    }
}
