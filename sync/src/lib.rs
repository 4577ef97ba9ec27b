//! Pure logic of time: which pictures belong together, whether they still do, and which pairs to learn from.
//!
//! Nothing here does I/O, starts threads or reads a clock. Everything takes events with their times and returns what to
//! do, so tests run it in one thread, on a simulated clock, from one seed.

#![warn(missing_docs)]

pub mod health;
pub mod pairs;
pub mod timing;
