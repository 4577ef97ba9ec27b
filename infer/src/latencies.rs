//! Statistics of latencies: over the last seconds, and over the whole run.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

/// The length of the recent past.
const WINDOW: Duration = Duration::from_secs(5);

/// Latencies of the last seconds and of the whole run, and their number per second.
pub(crate) struct Latencies {
    since: Instant,
    latencies: VecDeque<(Instant, f64)>,
    /// Of the whole run, in microseconds, to three digits.
    all_us: Histogram<u32>,
    first: Option<Instant>,
    last: Option<Instant>,
}

/// The longest latency that is distinguished: ten minutes.
const LONGEST_US: u64 = 600_000_000;

/// p50 and p99 by the nearest rank.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LatencyPercentiles {
    pub p50: f64,
    pub p99: f64,
}

impl Latencies {
    pub fn new(now: Instant) -> Self {
        // Constant bounds, which hdrhistogram accepts.
        let all_us = Histogram::new_with_bounds(1, LONGEST_US, 3).expect("the bounds are in order");
        Self { since: now, latencies: VecDeque::new(), all_us, first: None, last: None }
    }

    pub fn add(&mut self, latency_ms: f64, now: Instant) {
        self.latencies.push_back((now, latency_ms));
        self.forget(now);
        self.all_us.saturating_record((latency_ms * 1e3).max(1.0) as u64);
        self.first.get_or_insert(now);
        self.last = Some(now);
    }

    /// Latencies per second from the first to the last, and the percentiles of all.
    pub fn whole(&self) -> (f64, Option<LatencyPercentiles>) {
        let span = self.first.zip(self.last).map_or(0.0, |(first, last)| (last - first).as_secs_f64());
        let per_s = if span > 0.0 { (self.all_us.len() - 1) as f64 / span } else { 0.0 };
        let at = |share: f64| self.all_us.value_at_quantile(share) as f64 / 1e3;
        let percentiles = (!self.all_us.is_empty()).then(|| LatencyPercentiles { p50: at(0.5), p99: at(0.99) });
        (per_s, percentiles)
    }

    pub fn per_s(&mut self, now: Instant) -> f64 {
        self.forget(now);
        let span = now.saturating_duration_since(self.since).min(WINDOW).as_secs_f64();
        if span > 0.0 { self.latencies.len() as f64 / span } else { 0.0 }
    }

    pub fn percentiles(&mut self, now: Instant) -> Option<LatencyPercentiles> {
        self.forget(now);
        let mut sorted: Vec<f64> = self.latencies.iter().map(|(_, latency)| *latency).collect();
        sorted.sort_by(f64::total_cmp);
        let rank = |share: f64| sorted.get(((sorted.len() as f64 * share).ceil() as usize).max(1) - 1).copied();
        Some(LatencyPercentiles { p50: rank(0.5)?, p99: rank(0.99)? })
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
        let mut recent = Latencies::new(start);
        assert_eq!(recent.percentiles(start), None);
        (1..=100).for_each(|latency| recent.add(f64::from(latency), at(1)));
        assert_eq!(recent.percentiles(at(2)), Some(LatencyPercentiles { p50: 50.0, p99: 99.0 }));
        assert_eq!(recent.per_s(at(2)), 50.0);
        recent.add(7.0, at(10));
        assert_eq!(recent.percentiles(at(10)), Some(LatencyPercentiles { p50: 7.0, p99: 7.0 }));
        assert_eq!(recent.per_s(at(10)), 0.2);
        let (per_s, whole) = recent.whole();
        assert!((per_s - 100.0 / 9.0).abs() < 1e-9);
        let whole = whole.unwrap();
        assert!((whole.p50 - 50.0).abs() < 0.1 && (whole.p99 - 99.0).abs() < 0.1, "{whole:?}");
    }
}
