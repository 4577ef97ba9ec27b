//! The result of a session that has ended.

use frame::LossLedger;

use crate::error::SessionError;
use crate::plan::Prepared;
use crate::sets::assembler::{SetStatistics, Sinks};
use crate::statistics::latency::Latency;
use crate::takes::RecordedTake;

/// The result of a session.
pub struct Outcome {
    /// For starting another session.
    pub prepared: Prepared,
    pub sinks: Sinks,
    /// Errors during shutdown; the other fields are valid nevertheless.
    pub errors: Vec<SessionError>,
    /// The accounts of each camera.
    pub ledgers: Vec<LossLedger>,
    pub sets: SetStatistics,
    /// How long one frame's crop took.
    pub crop_work: Latency,
    /// The takes, in the order in which they were recorded.
    pub takes: Vec<RecordedTake>,
    pub wall_s: f64,
}
