//! Figures of a running session.

pub mod latency;
pub mod losses;
pub mod vitals;
