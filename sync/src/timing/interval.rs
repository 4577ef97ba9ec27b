//! Mean and spread of the intervals between a camera's frames.

/// Running mean and spread of the intervals between frames.
#[derive(Default)]
pub(crate) struct Intervals {
    /// (time in ns, counter) of the previous frame.
    last: Option<(i64, Option<u64>)>,
    count: f64,
    mean_ns: f64,
    /// Sum of squared deviations from the mean (Welford).
    squares: f64,
}

/// A longer step of the counter is a pause, which does not count as an interval.
const MOST_STEPS: u64 = 16;

impl Intervals {
    /// Adds a frame. An interval that does not ascend in time is ignored.
    pub fn add(&mut self, ns: i64, counter: Option<u64>, counter_bits: u32) {
        let last = self.last.replace((ns, counter));
        let Some((last_ns, last_counter)) = last else { return };
        let steps = match (last_counter, counter) {
            (Some(before), Some(now)) if counter_bits < 64 => now.wrapping_sub(before) & ((1 << counter_bits) - 1),
            (Some(before), Some(now)) => now.wrapping_sub(before),
            _ => 1,
        };
        if !(1..=MOST_STEPS).contains(&steps) || ns <= last_ns {
            return;
        }
        let interval_ns = (ns - last_ns) as f64 / steps as f64;
        self.count += 1.0;
        let off = interval_ns - self.mean_ns;
        self.mean_ns += off / self.count;
        self.squares += off * (interval_ns - self.mean_ns);
    }

    /// Leaves out the interval from the last frame to the next one.
    pub fn interrupt(&mut self) {
        self.last = None;
    }

    /// Mean and standard deviation in ns; zero before two frames.
    pub fn mean_and_spread(&self) -> (f64, f64) {
        (self.mean_ns, (self.squares / self.count.max(1.0)).sqrt())
    }
}
