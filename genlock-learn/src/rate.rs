//! Rates of events.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Time over which a rate is measured.
const WINDOW: Duration = Duration::from_secs(5);

/// Events per second over the last seconds, pauses included.
pub struct Rate {
    since: Instant,
    events: VecDeque<(Instant, u64)>,
    first: Option<Instant>,
    last: Option<Instant>,
    /// Count of all events after the first.
    counted: u64,
}

impl Rate {
    pub fn new(now: Instant) -> Self {
        Self { since: now, events: VecDeque::new(), first: None, last: None, counted: 0 }
    }

    pub fn add(&mut self, count: u64, now: Instant) {
        self.events.push_back((now, count));
        self.forget(now);
        if self.first.is_some() {
            self.counted += count;
        }
        self.first.get_or_insert(now);
        self.last = Some(now);
    }

    /// Events per second from the first one to the last, however long ago that was.
    pub fn mean_per_s(&self) -> f64 {
        let span = self.first.zip(self.last).map_or(0.0, |(first, last)| (last - first).as_secs_f64());
        if span > 0.0 { self.counted as f64 / span } else { 0.0 }
    }

    pub fn per_s(&mut self, now: Instant) -> f64 {
        self.forget(now);
        let counted: u64 = self.events.iter().map(|(_, count)| count).sum();
        let span = now.saturating_duration_since(self.since).min(WINDOW).as_secs_f64();
        if span > 0.0 { counted as f64 / span } else { 0.0 }
    }

    fn forget(&mut self, now: Instant) {
        while self.events.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) > WINDOW) {
            self.events.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_covers_the_window_and_forgets_what_is_older() {
        let start = Instant::now();
        let at = |s: u64| start + Duration::from_secs(s);
        let mut rate = Rate::new(start);
        assert_eq!(rate.per_s(start), 0.0);
        rate.add(20, at(1));
        assert_eq!(rate.per_s(at(2)), 10.0);
        rate.add(30, at(5));
        assert_eq!(rate.per_s(at(5)), 10.0);
        assert_eq!(rate.per_s(at(8)), 6.0);
        assert_eq!(rate.per_s(at(20)), 0.0);
        assert_eq!(rate.mean_per_s(), 7.5, "30 in the four seconds after the first event");
    }
}
