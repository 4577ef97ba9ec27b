//! Helpers of several tests: a simulated rig with faults, and another program's policy for sets.
#![allow(dead_code, reason = "each test uses a part of it")]

pub mod approximate_time;
pub mod rig;
