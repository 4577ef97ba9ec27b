//! Maps a remote clock to the host's, by round trips.

use std::collections::VecDeque;

use frame::{ClockId, HostTime};

use super::clock_model::Observation;
use super::line_bounds::LineBounds;
use super::wrap::unwrap_near;

/// What is known of a remote clock in advance, and how a [`RoundTripClock`] fits it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RoundTripConfig {
    /// Nominal length of a remote tick, in ns.
    pub tick_ns: f64,
    /// Bits of the remote counter; 64 when it does not wrap.
    pub counter_bits: u32,
    /// How far the remote rate may be off, in parts per million.
    pub max_drift_ppm: f64,
    /// How far that rate may vary within the window, in parts per million, since crystals warm up.
    pub wander_ppm: f64,
    /// How long a round trip is remembered, in ns.
    pub window_ns: i64,
    /// A counter read more than this, in ns, outside of its possible range means that the remote side restarted or a
    /// clock jumped.
    pub restart_ns: i64,
    /// The clock of the host.
    pub clock: ClockId,
}

impl RoundTripConfig {
    /// Drift up to 500 ppm, varying by 0.1 ppm, a window of 60 s, restart beyond 50 ms, the host's monotonic clock.
    pub fn new(tick_ns: f64, counter_bits: u32) -> Self {
        Self {
            tick_ns,
            counter_bits,
            max_drift_ppm: 500.0,
            wander_ppm: 0.1,
            window_ns: 60_000_000_000,
            restart_ns: 50_000_000,
            clock: ClockId::Monotonic,
        }
    }
}

/// What a remote counter shows at a host time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoteTime {
    /// The counter's value, wrapped as it shows it.
    pub ticks: u64,
    /// How far the value may be off, in ns of host time.
    pub uncertainty_ns: u32,
}

/// The window is divided into this many stretches, and only the fastest round trip of each is kept.
const STRETCHES: i64 = 32;

/// Maps a remote counter to the host's clock by round trips: of a camera's timestamp latch, a trigger box on a serial
/// line, another host.
///
/// The counter was read between the request and the reply, however unequal the delays of the two are. So every round
/// trip excludes the lines (counter to host time) that do not pass between its two times. The remaining lines bound
/// each time from both sides: the middle is the estimate, half the width its uncertainty. Fast round trips give the
/// tightest bounds; slow ones are dropped. If no line remains, the rate has changed, and the older round trips are
/// forgotten. Until that is noticed, times may be off by as much as the fastest round trip.
pub struct RoundTripClock {
    config: RoundTripConfig,
    /// Oldest first.
    seen: VecDeque<RoundTrip>,
    fit: Option<Fit>,
}

#[derive(Clone, Copy)]
struct RoundTrip {
    before_ns: i64,
    after_ns: i64,
    /// Unwrapped.
    ticks: i128,
}

impl RoundTrip {
    fn length_ns(&self) -> i64 {
        self.after_ns - self.before_ns
    }
}

struct Fit {
    base_ticks: i128,
    base_ns: i64,
    /// x: nominal time since the base; y: how far the host time since the base exceeds that. Both in ns.
    bounds: LineBounds,
}

impl RoundTripClock {
    /// A clock that has seen no round trip.
    pub fn new(config: RoundTripConfig) -> Self {
        Self { config, seen: VecDeque::new(), fit: None }
    }

    /// Learns from a round trip: host times in ns before the request and after the reply, and the counter that was read
    /// between them, as shown. Never returns [`Observation::Jumped`].
    pub fn observe(&mut self, before_ns: i64, shown: u64, after_ns: i64) -> Observation {
        let (before_ns, after_ns) = (before_ns.min(after_ns), before_ns.max(after_ns));
        let trip = RoundTrip { before_ns, after_ns, ticks: self.unwrap(shown, before_ns.midpoint(after_ns)) };
        if self.misses_by_ns(&trip) > self.config.restart_ns as f64 {
            self.seen.clear();
            self.seen.push_back(RoundTrip { ticks: i128::from(shown), ..trip });
            self.fit();
            return Observation::Restarted;
        }
        self.remember(trip);
        self.fit();
        Observation::Consistent
    }

    /// The host time at which the counter showed this. `about_ns` is a host time near it, and decides how often the
    /// counter has wrapped. `None` before the first round trip.
    pub fn map(&self, shown: u64, about_ns: i64) -> Option<HostTime> {
        let fit = self.fit.as_ref()?;
        let x = self.nominal_ns(self.unwrap(shown, about_ns) - fit.base_ticks);
        let (low, high) = self.bounds(fit, x);
        // The event may lie anywhere within its tick.
        let (middle, half) = ((low + high + self.config.tick_ns) / 2.0, (high - low + self.config.tick_ns) / 2.0);
        let ns = fit.base_ns + (x + middle).round() as i64;
        Some(HostTime { ns, uncertainty_ns: to_u32(half), clock: self.config.clock })
    }

    /// What the counter shows at a host time, in ns. `None` before the first round trip, and for times at which a
    /// counter of 64 bits would be below zero.
    pub fn remote_at(&self, host_ns: i64) -> Option<RemoteTime> {
        let fit = self.fit.as_ref()?;
        let since_ns = (host_ns - fit.base_ns) as f64;
        // Slopes are below a thousandth, so each step reduces the error to less than a thousandth.
        let (mut x, mut half) = (since_ns, 0.0);
        for _ in 0..4 {
            let (low, high) = self.bounds(fit, x);
            (x, half) = (since_ns - low.midpoint(high), (high - low) / 2.0);
        }
        let ticks = fit.base_ticks + (x / self.config.tick_ns).floor() as i128;
        let shown =
            if self.config.counter_bits >= 64 { ticks } else { ticks.rem_euclid(1 << self.config.counter_bits) };
        Some(RemoteTime { ticks: u64::try_from(shown).ok()?, uncertainty_ns: to_u32(half + self.config.tick_ns) })
    }

    /// How much faster than nominal the remote clock runs, and how far that may be off, in parts per million. `None`
    /// before two round trips.
    pub fn drift_ppm(&self) -> Option<(f64, f64)> {
        let fit = self.fit.as_ref().filter(|_| self.seen.len() > 1)?;
        let (low, high) = fit.bounds.slopes();
        Some(((1.0 / (1.0 + low.midpoint(high)) - 1.0) * 1e6, (high - low) / 2.0 * 1e6))
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        *self = Self::new(self.config);
    }

    fn nominal_ns(&self, ticks: i128) -> f64 {
        ticks as f64 * self.config.tick_ns
    }

    fn bounds(&self, fit: &Fit, x: f64) -> (f64, f64) {
        let (low, high) = fit.bounds.at(x);
        let wander = x.abs() * self.config.wander_ppm * 1e-6;
        (low - wander, high + wander)
    }

    /// How far, in ns, the round trip lies outside of the time in which the counter can have shown this; not above zero
    /// if inside.
    fn misses_by_ns(&self, trip: &RoundTrip) -> f64 {
        let Some(fit) = &self.fit else { return 0.0 };
        let x = self.nominal_ns(trip.ticks - fit.base_ticks);
        let (low, high) = self.bounds(fit, x);
        let (before, after) = ((trip.before_ns - fit.base_ns) as f64 - x, (trip.after_ns - fit.base_ns) as f64 - x);
        (before - high - self.config.tick_ns).max(low - after)
    }

    fn unwrap(&self, shown: u64, about_ns: i64) -> i128 {
        let Some(last) = self.seen.back() else { return i128::from(shown) };
        let elapsed = (about_ns - last.before_ns.midpoint(last.after_ns)) as f64 / self.config.tick_ns;
        unwrap_near(shown, self.config.counter_bits, last.ticks + elapsed.round() as i128)
    }

    fn remember(&mut self, trip: RoundTrip) {
        let stretch = |trip: &RoundTrip| trip.after_ns.div_euclid((self.config.window_ns / STRETCHES).max(1));
        match self.seen.back_mut() {
            Some(last) if stretch(last) == stretch(&trip) => {
                if trip.length_ns() <= last.length_ns() {
                    *last = trip;
                }
            }
            _ => self.seen.push_back(trip),
        }
        let oldest_ns = trip.after_ns - self.config.window_ns;
        while self.seen.front().is_some_and(|first| first.after_ns < oldest_ns) {
            self.seen.pop_front();
        }
    }

    fn fit(&mut self) {
        let fitting = self.fit_newest(self.seen.len());
        if fitting < self.seen.len() {
            // The rate has changed. Round trips from shortly before the change still fit, but bias the line: drop them,
            // too.
            let keep = fitting.div_ceil(2);
            self.seen.drain(..self.seen.len() - keep);
            self.fit_newest(keep);
        }
    }

    /// Fits all lines that pass through the newest `count` round trips, or through as many of them as one line can;
    /// returns that number.
    fn fit_newest(&mut self, count: usize) -> usize {
        let Some(&newest) = self.seen.back() else { return 0 };
        let tick_ns = self.config.tick_ns;
        let mut bounds = LineBounds::new(self.config.max_drift_ppm * 1e-6, -tick_ns, newest.length_ns() as f64);
        let mut fitting = 1;
        for trip in self.seen.iter().rev().take(count).skip(1) {
            let x = self.nominal_ns(trip.ticks - newest.ticks);
            let wander = x.abs() * self.config.wander_ppm * 1e-6;
            let since_ns = |ns: i64| (ns - newest.before_ns) as f64 - x;
            let mut narrower = bounds.clone();
            narrower.clip(x, since_ns(trip.before_ns) - tick_ns - wander, since_ns(trip.after_ns) + wander);
            if narrower.is_empty() {
                break;
            }
            bounds = narrower;
            fitting += 1;
        }
        self.fit = Some(Fit { base_ticks: newest.ticks, base_ns: newest.before_ns, bounds });
        fitting
    }
}

fn to_u32(ns: f64) -> u32 {
    // The cast saturates.
    ns.ceil() as u32
}
