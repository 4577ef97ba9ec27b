//! The parts of a session that may fail by themselves.

use std::fmt;

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
