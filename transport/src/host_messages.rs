//! The messages that two hosts of one rig exchange beside the views, a few times a second: a peer asks, the first host
//! answers.

use frame::{Problem, SegmentId};
use serde::{Deserialize, Serialize};

use crate::CameraState;
use crate::rig_messages::Framing;

/// A peer host says how its cameras are doing, and asks for the time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    pub host: String,
    /// Tells one start of the process from the next; later ones are larger.
    pub incarnation: u64,
    /// Hash of the rig file's meaning, the same on all hosts.
    pub rig: u64,
    /// Hash of the preprocessing that makes the crops.
    pub preprocessing: u64,
    /// `CLOCK_MONOTONIC` of the asking host when it asked.
    pub asked_ns: i64,
    pub cameras: Vec<HelloCamera>,
}

/// A camera of a peer host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HelloCamera {
    pub name: String,
    pub state: CameraState,
}

/// The host that puts the sets together answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub session: String,
    /// Which start of the process is meant.
    pub incarnation: u64,
    /// As it was asked.
    pub asked_ns: i64,
    /// `CLOCK_MONOTONIC` of the answering host between question and answer.
    pub shown_ns: i64,
    pub system_clock: SystemClock,
    pub pulses: Option<LinkedPulses>,
    /// For each camera of the hello.
    pub heard: Vec<Heard>,
    /// Why nothing is taken from this host.
    pub refused: Option<Problem>,
}

/// A host's system clock against its monotonic one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemClock {
    /// UTC less `CLOCK_MONOTONIC`, ns.
    pub offset_ns: i64,
    /// By what the reading and UTC itself may be off, ns; `None` where the kernel does not call it synchronised.
    pub uncertainty_ns: Option<u32>,
}

/// The pulses as the first host knows them, on its clock.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinkedPulses {
    pub start_ns: i64,
    pub period_ns: f64,
    pub uncertainty_ns: u32,
    /// Frames at these pulses belong to this segment.
    pub segment: SegmentId,
}

/// Which crops of a camera have come, since the first of this session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// Crops that were sent before the first view that came.
    pub from: u64,
    /// Crops that were sent up to the last view that came.
    pub through: u64,
    /// Crops that came.
    pub crops: u64,
}

/// An instant of which the finder of joints gets pictures, told before any camera has come to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromisedInstant {
    pub segment: SegmentId,
    pub pulse: Option<u64>,
    /// When it is expected, `CLOCK_MONOTONIC` of the host that puts the sets together.
    pub exposure_ns: i64,
    /// Its cameras are numbered as in the rig.
    pub framing: Framing,
}
