//! Detects steps of the wall clock. Frame times use the monotonic clock, which never jumps.

use std::time::{SystemTime, UNIX_EPOCH};

use frame::monotonic_now_ns;

/// Slewing moves the clock by at most 0.5 ms a second; a larger change between two checks is a step.
const STEP_NS: i64 = 20_000_000;

/// Watches the wall clock against the monotonic one.
pub(crate) struct ClockStepDetector {
    offset_ns: i64,
}

impl ClockStepDetector {
    pub fn new() -> Self {
        Self { offset_ns: utc_offset_ns() }
    }

    /// By how many ns the wall clock was set since the last call, if it was.
    pub fn check(&mut self) -> Option<i64> {
        self.compare(utc_offset_ns())
    }

    fn compare(&mut self, offset_ns: i64) -> Option<i64> {
        let step_ns = offset_ns - std::mem::replace(&mut self.offset_ns, offset_ns);
        (step_ns.abs() > STEP_NS).then_some(step_ns)
    }
}

/// The offset from the monotonic clock to UTC, in ns.
pub fn utc_offset_ns() -> i64 {
    let before = monotonic_now_ns();
    let utc = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as i64;
    utc - (before + (monotonic_now_ns() - before) / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_reported_and_slewing_is_not() {
        let mut clock = ClockStepDetector { offset_ns: 1_000 };
        assert_eq!(clock.compare(201_000), None);
        assert_eq!(clock.compare(401_000), None);
        assert_eq!(clock.compare(3_600_000_401_000), Some(3_600_000_000_000));
        assert_eq!(clock.compare(3_600_000_501_000), None);
        assert_eq!(clock.compare(401_000), Some(-3_600_000_100_000));
    }
}
