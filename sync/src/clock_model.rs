use std::collections::VecDeque;

use frame::{ClockId, HostTime};

use crate::wrap::unwrap_near;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClockConfig {
    /// Nominal length of a device tick.
    pub tick_ns: f64,
    /// Bits of the device's counter; 64 when it does not wrap.
    pub counter_bits: u32,
    /// Frames that the fit looks back on.
    pub window: usize,
    /// How far the device's rate may be off, in parts per million.
    pub max_drift_ppm: f64,
    /// An arrival this far from where it should be means that the device or a clock started anew.
    pub restart_ns: i64,
    /// The clock of the arrivals.
    pub clock: ClockId,
}

impl ClockConfig {
    /// Ten seconds at 30 Hz, 500 ppm, restart beyond one second, the host's monotonic clock.
    pub fn new(tick_ns: f64, counter_bits: u32) -> Self {
        Self {
            tick_ns,
            counter_bits,
            window: 300,
            max_drift_ppm: 500.0,
            restart_ns: 1_000_000_000,
            clock: ClockId::Monotonic,
        }
    }
}

/// How a new frame fits the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observation {
    Consistent,
    /// The model has forgotten everything before this frame; a new segment begins.
    Restarted,
}

/// Frames before the model says anything.
const MIN_FRAMES: usize = 16;

/// Device ticks to host time by the lower envelope of (ticks, arrival).
///
/// Arrivals are late by at least a constant and never early, so the truth runs below all of them: the model is the
/// line under every arrival of its window that is nearest to them on average, an edge of their lower convex hull.
/// It cannot see the least delay itself; times are true up to that constant, which the caller may subtract.
pub struct ClockModel {
    config: ClockConfig,
    /// (unwrapped ticks, arrival in ns), oldest first.
    seen: VecDeque<(i128, i64)>,
    line: Option<Line>,
}

/// `arrival = base_ns + (ticks - base_ticks) · ns_per_tick`
#[derive(Clone, Copy)]
struct Line {
    base_ticks: i128,
    base_ns: f64,
    origin_ns: i64,
    ns_per_tick: f64,
    /// The stretch of ticks, relative to the base, between the arrivals that it rests on.
    support: (f64, f64),
    /// How far it may be off within that stretch.
    spacing_ns: f64,
}

impl Line {
    /// Time since the origin, and its uncertainty, in ns.
    fn at(&self, ticks: i128) -> (f64, f64) {
        let x = (ticks - self.base_ticks) as f64;
        let (x1, x2) = self.support;
        // Either end of the support is off by up to the spacing, on its own: outside, the lever grows.
        let lever = ((x2 - x).abs() + (x - x1).abs()) / (x2 - x1);
        (self.base_ns + x * self.ns_per_tick, self.spacing_ns * lever + self.ns_per_tick)
    }
}

impl ClockModel {
    pub fn new(config: ClockConfig) -> Self {
        Self { config, seen: VecDeque::new(), line: None }
    }

    /// Learns from a frame: what the device's counter showed at its exposure, and when it arrived.
    pub fn observe(&mut self, shown: u64, arrival_ns: i64) -> Observation {
        let ticks = self.unwrap(shown, arrival_ns);
        let restarted = self.seen.back().is_some_and(|&(last, last_ns)| {
            let (ahead_ns, ticked_ns) = ((arrival_ns - last_ns) as f64, (ticks - last) as f64 * self.config.tick_ns);
            (ahead_ns - ticked_ns).abs() > self.config.restart_ns as f64
        });
        if restarted {
            self.seen.clear();
            self.seen.push_back((i128::from(shown), arrival_ns));
            self.line = None;
            return Observation::Restarted;
        }
        if self.seen.len() == self.config.window.max(MIN_FRAMES) {
            self.seen.pop_front();
        }
        self.seen.push_back((ticks, arrival_ns));
        self.line = self.fit();
        Observation::Consistent
    }

    /// When the device's counter showed this, `about_ns` being a time near it, such as the frame's arrival. `None`
    /// until enough frames were seen.
    pub fn map(&self, shown: u64, about_ns: i64) -> Option<HostTime> {
        let line = self.line?;
        let (since_ns, uncertainty_ns) = line.at(self.unwrap(shown, about_ns));
        let uncertainty_ns = uncertainty_ns.ceil().min(f64::from(u32::MAX)) as u32;
        Some(HostTime { ns: line.origin_ns + since_ns.round() as i64, uncertainty_ns, clock: self.config.clock })
    }

    /// The device's rate against the host's, in parts per million above nominal.
    pub fn drift_ppm(&self) -> Option<f64> {
        self.line.map(|line| (self.config.tick_ns / line.ns_per_tick - 1.0) * 1e6)
    }

    fn unwrap(&self, shown: u64, about_ns: i64) -> i128 {
        let Some(&(last, last_ns)) = self.seen.back() else { return i128::from(shown) };
        let elapsed = (about_ns - last_ns) as f64 / self.config.tick_ns;
        unwrap_near(shown, self.config.counter_bits, last + elapsed.round() as i128)
    }

    fn fit(&self) -> Option<Line> {
        if self.seen.len() < MIN_FRAMES {
            return None;
        }
        let &(base_ticks, origin_ns) = self.seen.front()?;
        // Relative to the first, so that f64 holds them exactly.
        let mut points: Vec<(f64, f64)> = self
            .seen
            .iter()
            .map(|&(ticks, arrival_ns)| ((ticks - base_ticks) as f64, (arrival_ns - origin_ns) as f64))
            .collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));

        let nominal = self.config.tick_ns;
        let slack = nominal * self.config.max_drift_ppm * 1e-6;
        let (mut support, slope) = envelope_edge(&points)?;
        let ns_per_tick = slope.clamp(nominal - slack, nominal + slack);
        if ns_per_tick != slope {
            // Too short a window for a slope: it then rests on one arrival, and the limit of drift holds the rest.
            support = (points.first()?.0, points.last()?.0);
        }
        let above = |base_ns: f64| move |&(x, y): &(f64, f64)| y - x * ns_per_tick - base_ns;
        let base_ns = points.iter().map(above(0.0)).fold(f64::INFINITY, f64::min);
        let mut residuals: Vec<f64> = points.iter().map(above(base_ns)).collect();
        let (_, &mut spacing_ns, _) = residuals.select_nth_unstable_by(SUPPORT, f64::total_cmp);
        Some(Line { base_ticks, base_ns, origin_ns, ns_per_tick, support, spacing_ns })
    }
}

/// How far the tenth-lowest arrival lies above the envelope says how far the envelope may be off, whatever the
/// delays' distribution: the constant is chosen so that 95 % of the errors stay within under uniform and under
/// exponential delays.
const SUPPORT: usize = 9;

/// The edge of the lower convex hull below the points' mean, as (its stretch, its slope): of all lines below the
/// points, the one that is nearest to them in sum. `points` ascend. `None` where all have the same ticks.
fn envelope_edge(points: &[(f64, f64)]) -> Option<((f64, f64), f64)> {
    let mut hull: Vec<(f64, f64)> = Vec::new();
    for &point in points {
        if hull.last().is_some_and(|last| last.0 == point.0) {
            continue;
        }
        while let [.., a, b] = hull[..]
            && (b.1 - a.1) * (point.0 - a.0) >= (point.1 - a.1) * (b.0 - a.0)
        {
            hull.pop();
        }
        hull.push(point);
    }
    let mean = points.iter().map(|p| p.0).sum::<f64>() / points.len() as f64;
    let edge = hull.windows(2).find(|edge| edge[1].0 >= mean)?;
    let ((x1, y1), (x2, y2)) = (edge[0], edge[1]);
    Some(((x1, x2), (y2 - y1) / (x2 - x1)))
}
