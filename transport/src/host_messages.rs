//! The messages that two hosts of one rig exchange besides the views, a few times a second: a peer host asks, the first
//! host answers.

use frame::{Problem, SegmentId};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use crate::CameraState;
use crate::rig_messages::Framing;

/// A peer host reports the state of its cameras, and asks for the time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    pub host: String,
    /// Identifies a start of the process; larger after each restart.
    pub incarnation: u64,
    /// Hash of the parsed rig file, the same on all hosts.
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

/// The answer of the first host, which assembles the sets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    pub session: String,
    /// The incarnation that is answered.
    pub incarnation: u64,
    /// The question's [`Hello::asked_ns`].
    pub asked_ns: i64,
    /// `CLOCK_MONOTONIC` of the answering host between question and answer.
    pub shown_ns: i64,
    pub system_clock: SystemClock,
    pub pulses: Option<LinkedPulses>,
    /// For each camera of the [`Hello`].
    pub heard: Vec<Heard>,
    /// Why the first host accepts nothing from this host, if so.
    pub refused: Option<Problem>,
}

/// A host's system clock relative to its monotonic one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemClock {
    /// UTC minus `CLOCK_MONOTONIC`, ns.
    pub offset_ns: i64,
    /// Uncertainty of the reading and of UTC itself, ns; `None` if the kernel does not report it as synchronised.
    pub uncertainty_ns: Option<u32>,
}

/// The pulses as the first host knows them, on its clock.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinkedPulses {
    pub start_ns: i64,
    /// Finite and above zero.
    #[serde(deserialize_with = "positive")]
    pub period_ns: f64,
    pub uncertainty_ns: u32,
    /// Frames at these pulses belong to this segment.
    pub segment: SegmentId,
}

fn positive<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let value = f64::deserialize(deserializer)?;
    if value.is_finite() && value > 0.0 { Ok(value) } else { Err(D::Error::custom(format!("{value} is no period"))) }
}

/// Which crops of a camera have arrived in this session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// Crops sent before the first view that arrived.
    pub from: u64,
    /// Crops sent up to the last view that arrived.
    pub through: u64,
    /// Crops that arrived.
    pub crops: u64,
}

/// An instant whose pictures go to the finder of joints, announced before any camera reaches it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromisedInstant {
    pub segment: SegmentId,
    pub pulse: Option<u64>,
    /// Expected start of exposure, `CLOCK_MONOTONIC` of the first host.
    pub exposure_ns: i64,
    /// Cameras are numbered as in the rig.
    pub framing: Framing,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pulses_without_a_period_are_refused() {
        let pulses =
            |period_ns| LinkedPulses { start_ns: 7, period_ns, uncertainty_ns: 9, segment: SegmentId::default() };
        let sent = |period_ns| postcard::to_stdvec(&pulses(period_ns)).unwrap();
        let read = |bytes: &[u8]| postcard::from_bytes::<LinkedPulses>(bytes);
        assert_eq!(read(&sent(4e7)).unwrap(), pulses(4e7));
        for period_ns in [0.0, -4e7, f64::NAN, f64::INFINITY] {
            assert!(read(&sent(period_ns)).is_err(), "{period_ns}");
        }
    }
}
