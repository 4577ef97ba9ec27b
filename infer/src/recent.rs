use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What "recent" means.
const WINDOW: Duration = Duration::from_secs(5);

/// Latencies of the last seconds, and how many there were per second.
pub(crate) struct Recent {
    since: Instant,
    latencies: VecDeque<(Instant, f64)>,
}

/// p50 and p99 by the nearest rank.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Percentiles {
    pub p50: f64,
    pub p99: f64,
}

impl Recent {
    pub fn new(now: Instant) -> Self {
        Self { since: now, latencies: VecDeque::new() }
    }

    pub fn add(&mut self, latency_ms: f64, now: Instant) {
        self.latencies.push_back((now, latency_ms));
        self.forget(now);
    }

    pub fn per_s(&mut self, now: Instant) -> f64 {
        self.forget(now);
        let span = now.saturating_duration_since(self.since).min(WINDOW).as_secs_f64();
        if span > 0.0 { self.latencies.len() as f64 / span } else { 0.0 }
    }

    pub fn percentiles(&mut self, now: Instant) -> Option<Percentiles> {
        self.forget(now);
        let mut sorted: Vec<f64> = self.latencies.iter().map(|(_, latency)| *latency).collect();
        sorted.sort_by(f64::total_cmp);
        let rank = |share: f64| sorted.get(((sorted.len() as f64 * share).ceil() as usize).max(1) - 1).copied();
        Some(Percentiles { p50: rank(0.5)?, p99: rank(0.99)? })
    }

    fn forget(&mut self, now: Instant) {
        while self.latencies.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) > WINDOW) {
            self.latencies.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_ranks_of_the_window() {
        let start = Instant::now();
        let at = |s: u64| start + Duration::from_secs(s);
        let mut recent = Recent::new(start);
        assert_eq!(recent.percentiles(start), None);
        (1..=100).for_each(|latency| recent.add(f64::from(latency), at(1)));
        assert_eq!(recent.percentiles(at(2)), Some(Percentiles { p50: 50.0, p99: 99.0 }));
        assert_eq!(recent.per_s(at(2)), 50.0);
        recent.add(7.0, at(10));
        assert_eq!(recent.percentiles(at(10)), Some(Percentiles { p50: 7.0, p99: 7.0 }));
        assert_eq!(recent.per_s(at(10)), 0.2);
    }
}
