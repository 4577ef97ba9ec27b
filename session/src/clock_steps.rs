//! Detects steps of the wall clock. Frame times use the monotonic clock, which never jumps.

use std::time::{SystemTime, UNIX_EPOCH};

use frame::monotonic_now_ns;

/// Slewing moves the clock by at most 0.5 ms a second; a larger change between two checks is a step.
const STEP_NS: i64 = 20_000_000;
/// Both clocks were read together if that took no longer, in nanoseconds. On a busy machine another program may run
/// between the two.
const TOGETHER_NS: i64 = 1_000_000;
/// How often reading them is tried.
const TRIES: usize = 5;

/// Watches the wall clock against the monotonic one.
pub(crate) struct ClockStepDetector {
    /// `None` until both were read together.
    offset_ns: Option<i64>,
}

impl ClockStepDetector {
    pub fn new() -> Self {
        Self { offset_ns: together(read) }
    }

    /// By how many ns the wall clock was set since the last call, if it was. Clocks that could not be read together are
    /// compared at the next call.
    pub fn check(&mut self) -> Option<i64> {
        self.compare(together(read)?)
    }

    fn compare(&mut self, offset_ns: i64) -> Option<i64> {
        let step_ns = offset_ns - self.offset_ns.replace(offset_ns)?;
        (step_ns.abs() > STEP_NS).then_some(step_ns)
    }
}

/// Both clocks, in ns: the monotonic one before and after UTC.
struct Reading {
    before: i64,
    utc: i64,
    after: i64,
}

impl Reading {
    fn offset_ns(&self) -> i64 {
        self.utc - (self.before + (self.after - self.before) / 2)
    }
}

fn read() -> Reading {
    let before = monotonic_now_ns();
    let utc = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as i64;
    Reading { before, utc, after: monotonic_now_ns() }
}

/// The offset by the first reading that was quick.
fn together(mut read: impl FnMut() -> Reading) -> Option<i64> {
    let quick = |reading: &Reading| reading.after - reading.before < TOGETHER_NS;
    (0..TRIES).map(|_| read()).find(quick).map(|reading| reading.offset_ns())
}

/// The offset from the monotonic clock to UTC, in ns.
pub fn utc_offset_ns() -> i64 {
    together(read).unwrap_or_else(|| read().offset_ns())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_reported_and_slewing_is_not() {
        let mut clock = ClockStepDetector { offset_ns: Some(1_000) };
        assert_eq!(clock.compare(201_000), None);
        assert_eq!(clock.compare(401_000), None);
        assert_eq!(clock.compare(3_600_000_401_000), Some(3_600_000_000_000));
        assert_eq!(clock.compare(3_600_000_501_000), None);
        assert_eq!(clock.compare(401_000), Some(-3_600_000_100_000));
    }

    #[test]
    fn a_reading_that_was_interrupted_is_no_step() {
        const OFFSET_NS: i64 = 1_000_000_000_000;
        // Another program ran for two seconds between the readings of the two clocks.
        let slow = |at: i64| Reading { before: at, utc: at + OFFSET_NS, after: at + 2_010_000_000 };
        let quick = |at: i64| Reading { before: at, utc: at + OFFSET_NS, after: at + 100 };
        assert_eq!(slow(0).offset_ns(), OFFSET_NS - 1_005_000_000, "it looks as if the clock had been set");
        let mut clock = ClockStepDetector { offset_ns: together(|| quick(0)) };
        let mut readings = [slow(5), slow(7), quick(9)].into_iter();
        let offset_ns = together(|| readings.next().unwrap()).unwrap();
        assert_eq!(clock.compare(offset_ns), None);
        assert_eq!(together(|| slow(11)), None, "rather none than a wrong one");
    }
}
