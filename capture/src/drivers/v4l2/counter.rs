//! Unwraps a V4L2 device's frame counter.

/// Unwraps a device's 32-bit frame counter.
#[derive(Debug, Default)]
pub struct Counter {
    last: Option<u64>,
}

/// The place of one frame in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// `None` if the device's counter did not advance.
    pub counter: Option<u64>,
    /// Frames that it counted and did not deliver before this one.
    pub missing: u64,
}

impl Counter {
    pub fn step(&mut self, sequence: u32) -> Step {
        let Some(last) = self.last else {
            self.last = Some(sequence.into());
            return Step { counter: self.last, missing: 0 };
        };
        match sequence.wrapping_sub(last as u32) {
            steps @ 1..=0x7fff_ffff => {
                self.last = Some(last + u64::from(steps));
                Step { counter: self.last, missing: u64::from(steps) - 1 }
            }
            // The counter stands still, as on devices that do not count, or it restarted: losses in between are
            // unknown.
            _ => {
                self.last = Some(last + u64::from(sequence.wrapping_sub(last as u32)));
                Step { counter: None, missing: 0 }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sequences: &[u32], counters: &[Option<u64>], missing: u64) {
        let mut counter = Counter::default();
        let steps: Vec<_> = sequences.iter().map(|&sequence| counter.step(sequence)).collect();
        assert_eq!(steps.iter().map(|step| step.counter).collect::<Vec<_>>(), counters);
        assert_eq!(steps.iter().map(|step| step.missing).sum::<u64>(), missing);
    }

    #[test]
    fn holes_are_counted_and_wraps_are_none() {
        check(&[7, 8, 12], &[Some(7), Some(8), Some(12)], 3);
        let end = u64::from(u32::MAX);
        check(&[u32::MAX, 0, 2], &[Some(end), Some(end + 1), Some(end + 3)], 1);
    }

    #[test]
    fn a_count_that_does_not_go_on_is_none() {
        check(&[0, 0, 0], &[Some(0), None, None], 0);
        check(&[9, 2, 3], &[Some(9), None, Some((1 << 32) + 3)], 0);
    }
}
