//! What the channel `/events` holds: one JSON object per message, its kind in the key `event`.

use frame::{CameraId, LossReason};
use serde::{Deserialize, Serialize};

/// The topic of the channel.
pub const TOPIC: &str = "/events";
/// The message encoding of the channel.
pub const ENCODING: &str = "json";

/// Frames of one camera that are not in the take, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    pub camera: CameraId,
    pub reason: LossReason,
    /// Sequence number of the first frame that is missing.
    pub first_sequence: u64,
    pub frames: u64,
    /// `CLOCK_MONOTONIC` when the loss was noticed.
    pub at_ns: i64,
}

/// Something that happened during the take: a camera lost, a learner restarted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// `CLOCK_MONOTONIC`.
    pub at_ns: i64,
    pub kind: String,
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

/// How the clock of this take's host stands to that of the host which puts the frame sets together, where several
/// capture one rig. On that host itself the offset is 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockRelation {
    /// The same in the takes of all hosts that captured together. Trigger indices and segments of one session are the
    /// same in all of them.
    pub session: String,
    /// `CLOCK_MONOTONIC` of this take's host.
    pub at_ns: i64,
    /// Added to times of this take about that instant, it gives times on the clock that the session shares.
    pub offset_ns: i64,
    /// Half-width of the interval that holds the true offset.
    pub uncertainty_ns: u32,
}

impl ClockReading {
    pub(crate) fn now() -> Self {
        // The monotonic clock is read on both sides, so that being descheduled in between shifts neither way.
        let before = frame::monotonic_now_ns();
        let utc = chrono::Utc::now();
        let after = frame::monotonic_now_ns();
        Self {
            monotonic_ns: before + (after - before) / 2,
            utc_ns: utc.timestamp_nanos_opt().unwrap_or(i64::MAX), // representable until the year 2262
        }
    }
}

/// One message of the channel. Kinds that a reader does not know are skipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
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
    /// The last message of a take that was finished: what it holds.
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
