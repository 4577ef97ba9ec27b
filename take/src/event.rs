//! The messages of the channel `/events`: one JSON object each, its kind in the key `event`.

use frame::{CameraId, LossReason};
use serde::{Deserialize, Serialize};

/// The topic of the channel.
pub(crate) const TOPIC: &str = "/events";
/// The message encoding of the channel.
pub(crate) const ENCODING: &str = "json";

/// Consecutive frames of one camera that are not in the take, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The camera.
    pub camera: CameraId,
    /// Why they are missing.
    pub reason: LossReason,
    /// Sequence number of the first missing frame.
    pub first_sequence: u64,
    /// How many are missing.
    pub frames: u64,
    /// `CLOCK_MONOTONIC` when the loss was noticed.
    pub at_ns: i64,
}

/// Something else that happened during the take, such as a lost camera or a restarted learner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// `CLOCK_MONOTONIC`.
    pub at_ns: i64,
    /// A word for programs, such as `camera-lost`.
    pub kind: String,
    /// The same for people.
    pub text: String,
}

/// Both clocks read at one instant: `utc_ns - monotonic_ns` turns times of the take into UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockReading {
    /// `CLOCK_MONOTONIC`.
    pub monotonic_ns: i64,
    /// Nanoseconds since 1970-01-01 UTC.
    pub utc_ns: i64,
}

/// The offset of the clock of this take's host to that of the first host, where several capture one rig. On the first
/// host itself it is 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockRelation {
    /// The same in the takes of all hosts that captured together, as are trigger indices and segments.
    pub session: String,
    /// `CLOCK_MONOTONIC` of this take's host.
    pub at_ns: i64,
    /// To be added to times of this take near `at_ns` to get times on the first host's clock.
    pub offset_ns: i64,
    /// Half-width of the interval that holds the true offset.
    pub uncertainty_ns: u32,
}

impl ClockReading {
    pub(crate) fn now() -> Self {
        // Read before and after, so that being descheduled in between introduces no bias.
        let before = frame::monotonic_now_ns();
        let utc = chrono::Utc::now();
        let after = frame::monotonic_now_ns();
        Self {
            monotonic_ns: before + (after - before) / 2,
            utc_ns: utc.timestamp_nanos_opt().unwrap_or(i64::MAX), // representable until the year 2262
        }
    }
}

/// One message of the channel. Readers skip kinds that they do not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum Event {
    Gap {
        /// Name of the camera.
        camera: String,
        /// [`LossReason::name`].
        reason: String,
        first_sequence: u64,
        frames: u64,
        at_ns: i64,
    },
    Clock(ClockReading),
    Note(Note),
    Relation(ClockRelation),
    /// The last message of a finished take: what it holds.
    End {
        at_ns: i64,
        frames: u64,
        bytes: u64,
        lost: u64,
    },
    #[serde(other)]
    Unknown,
}

/// The reason with this [`LossReason::name`].
pub(crate) fn reason_by_name(name: &str) -> Option<LossReason> {
    LossReason::ALL.into_iter().find(|reason| reason.name() == name)
}
