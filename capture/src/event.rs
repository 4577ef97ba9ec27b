//! What capture tells its owner.

use std::time::Duration;

use frame::{CameraId, Problem};

/// Something that capture tells its owner.
#[derive(Clone, Debug, PartialEq)]
pub struct CaptureEvent {
    /// `CLOCK_MONOTONIC`.
    pub at_ns: i64,
    pub kind: CaptureEventKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum CaptureEventKind {
    Camera(CameraId, CameraEvent),
    Trigger(TriggerEvent),
}

#[derive(Clone, Debug, PartialEq)]
pub enum CameraEvent {
    /// It stands ready; whether pictures come is another matter.
    Opened,
    /// The first picture came since it failed.
    Back,
    /// It failed and is tried again after the wait, which its peer host knows of a remote camera.
    Failed { problem: Problem, retry_in: Option<Duration> },
    /// Its source is over.
    Ended,
    /// Device counter and time disagree on the trigger: it slipped, restarted, or a clock jumped.
    Slipped,
    /// Its clock began anew.
    Restarted,
    /// Its clock, or the host's, jumped.
    ClockJumped,
}

#[derive(Clone, Debug, PartialEq)]
pub enum TriggerEvent {
    /// The pulses began; these cameras were not ready for the first.
    Started { unarmed: Vec<CameraId> },
    /// Its source failed and is tried again after the wait.
    Failed { problem: Problem, retry_in: Duration },
    /// No camera delivers any more although all are there: no pulses come.
    Stopped,
    /// Cameras deliver again.
    Resumed,
}
