//! Events that capture reports to its owner.

use std::time::Duration;

use frame::{CameraId, Problem};

/// An event that capture reports to its owner.
#[derive(Clone, Debug, PartialEq)]
pub struct CaptureEvent {
    /// When it was reported, `CLOCK_MONOTONIC`.
    pub at_ns: i64,
    /// What happened, and to what.
    pub kind: CaptureEventKind,
}

/// What an event is about.
#[derive(Clone, Debug, PartialEq)]
pub enum CaptureEventKind {
    /// One of the local or remote cameras.
    Camera(CameraId, CameraEvent),
    /// The trigger that all cameras share.
    Trigger(TriggerEvent),
}

/// What happened to a camera.
#[derive(Clone, Debug, PartialEq)]
pub enum CameraEvent {
    /// It is open and armed; it may not deliver pictures yet.
    Opened,
    /// It delivered its first picture since it failed.
    Back,
    /// It failed and is retried after `retry_in`; `None` for a remote camera, which its peer host retries.
    Failed {
        /// What went wrong, and what to do about it if that is known.
        problem: Problem,
        /// Time from the failure to the next attempt.
        retry_in: Option<Duration>,
    },
    /// Its source has ended.
    Ended,
    /// Device counter and time disagree on the pulse: the counter slipped or restarted, or a clock jumped.
    Slipped,
    /// Its clock restarted.
    Restarted,
    /// Its clock, or the host's, jumped.
    ClockJumped,
}

/// What happened to the trigger.
#[derive(Clone, Debug, PartialEq)]
pub enum TriggerEvent {
    /// The pulses started; the `unarmed` cameras were not ready for the first one.
    Started {
        /// The cameras that were not armed when the wait for them ended.
        unarmed: Vec<CameraId>,
    },
    /// Its source failed and is retried after `retry_in`.
    Failed {
        /// What went wrong, and what to do about it if that is known.
        problem: Problem,
        /// Time from the failure to the next attempt.
        retry_in: Duration,
    },
    /// No camera delivers any more, so no pulses are coming.
    Stopped,
    /// Cameras deliver again.
    Resumed,
}
