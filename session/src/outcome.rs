//! The result of a session that has ended.

use std::path::PathBuf;

use frame::LossLedger;

use crate::error::SessionError;
use crate::plan::Prepared;
use crate::recorder::RecordingCounters;
use crate::sets::assembler::{SetStatistics, Sinks};
use crate::statistics::latency::Latency;

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
    /// Folder of the take, and its size.
    pub recording: Option<(PathBuf, RecordingCounters)>,
    pub wall_s: f64,
}
