//! Limits inference to a share of the processor, by rests after each answer.

use std::time::{Duration, Instant};

use model::spent;
use tch::Device;

/// Limits the processor time of this process to a share of all cores. Without a share it never rests.
pub(crate) struct Pace {
    /// Cores that may be busy on average.
    cores: Option<f64>,
    until: Option<Instant>,
}

/// The begin of a piece of work.
pub(crate) struct Begun {
    at: Instant,
    spent: Duration,
}

impl Pace {
    /// `share` of all cores of this machine, above 0; 1 or more is no limit.
    pub fn new(share: Option<f64>) -> Self {
        let all = std::thread::available_parallelism().map_or(1, usize::from) as f64;
        Self { cores: share.filter(|share| *share < 1.0).map(|share| share * all), until: None }
    }

    pub fn begin() -> Begun {
        // CPU time whatever the device, since only the cores are shared with the learner.
        Begun { at: Instant::now(), spent: spent(Device::Cpu) }
    }

    /// Ends a piece of work.
    pub fn end(&mut self, begun: Begun) {
        let spent = spent(Device::Cpu).saturating_sub(begun.spent);
        self.until = self.cores.map(|cores| begun.at + length(spent, cores));
    }

    /// How long to rest from now on.
    pub fn rest(&self, now: Instant) -> Duration {
        self.until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }
}

/// The time from the begin of work with this cost to the next one's, so that on average `cores` are busy.
fn length(spent: Duration, cores: f64) -> Duration {
    spent.div_f64(cores)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_takes_its_share_and_no_more() {
        assert_eq!(length(Duration::from_millis(60), 0.5), Duration::from_millis(120));
        assert_eq!(length(Duration::from_millis(60), 2.0), Duration::from_millis(30));
    }

    #[test]
    fn without_a_share_nothing_rests() {
        for share in [None, Some(1.0)] {
            let mut pace = Pace::new(share);
            let begun = Pace::begin();
            while spent(Device::Cpu) < begun.spent + Duration::from_millis(5) {}
            pace.end(begun);
            assert_eq!(pace.rest(Instant::now()), Duration::ZERO);
        }
    }

    #[test]
    fn a_small_share_rests() {
        let mut pace = Pace::new(Some(0.01));
        let begun = Pace::begin();
        let at = begun.at;
        while spent(Device::Cpu) < begun.spent + Duration::from_millis(10) {}
        pace.end(begun);
        let cores = pace.cores.unwrap();
        assert!(pace.rest(at) >= Duration::from_millis(10).div_f64(cores));
    }
}
