//! Pure logic of time: which pictures belong together, and which pairs to learn from.
//!
//! Nothing here opens, spawns or reads a clock. Every core takes events with their times and hands back actions, so
//! a simulated clock drives it, single-threaded, from one seed.

pub mod pairs;
pub mod timing;
