//! The result of a session that has ended.

use std::fmt;
use std::io;
use std::path::PathBuf;

use capture::CaptureError;
use frame::{LossLedger, Problem};
use take::TakeError;
use thiserror::Error;
use transport::TransportError;

use crate::plan::Prepared;
use crate::recorder::RecordingCounters;
use crate::sets::assembler::{SetStatistics, Sinks};
use crate::statistics::latency::Latency;

/// Why a session does not start, or did not end well.
#[derive(Debug, Error)]
pub enum SessionError {
    #[error(transparent)]
    Problem(#[from] Problem),
    #[error("nothing can be recorded: {0}")]
    NotRecorded(#[source] TakeError),
    #[error(transparent)]
    Capture(#[from] CaptureError),
    #[error("cannot start a thread: {0}")]
    Thread(#[from] io::Error),
    #[error(transparent)]
    Take(#[from] TakeError),
    #[error(transparent)]
    Link(#[from] TransportError),
    #[error("the {0} thread panicked")]
    Panicked(Part),
}

/// A part of a session that has threads of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Router,
    Recorder,
    Croppers,
    /// Receives the views of peer hosts.
    Views,
    Assembler,
    Preview,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Router => "router",
            Self::Recorder => "recorder",
            Self::Croppers => "croppers",
            Self::Views => "views",
            Self::Assembler => "assembler",
            Self::Preview => "preview",
        })
    }
}

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
