//! Trigger pulses, from the exposures that they cause.

use std::collections::VecDeque;

use frame::HostTime;

use super::pulse_train::PulseTrain;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PulseEstimatorConfig {
    /// Above zero.
    pub rate_hz: f64,
    /// How far the rate may be off from that, as a fraction of it.
    pub rate_tolerance: f64,
    /// Exposures that the fit looks back on.
    pub window: usize,
    /// Pulses without an exposure after which the pulses have stopped.
    pub stop_after: u32,
}

impl PulseEstimatorConfig {
    /// The rate to 1 %, 128 exposures, stopped after 32 pulses.
    pub fn new(rate_hz: f64) -> Self {
        Self { rate_hz, rate_tolerance: 0.01, window: 128, stop_after: 32 }
    }
}

/// Exposures before the train is told, and the fraction of a period that they may lie off their pulses.
const MIN_EXPOSURES: usize = 8;
const TOLERANCE: f64 = 0.25;
/// Exposures in a row that fit no pulse of the train: the pulses have started anew without a pause.
const STRANGERS: u32 = 8;

/// Trigger pulses that nobody tells about, such as of an external generator or of a camera that drives the others: seen
/// in the exposures of a reference camera, which each pulse exposes.
///
/// The first exposure is pulse 0. Each further one is numbered by the train as the exposures just before tell it, so
/// that numbers never shift while the train is estimated anew. Where that cannot be told, because the pulses stopped or
/// do not fit any more, a new generation begins, with its own pulse 0.
pub struct PulseEstimator {
    config: PulseEstimatorConfig,
    /// (pulse, exposure), oldest first.
    seen: VecDeque<(u64, HostTime)>,
    train: Option<PulseTrain>,
    generation: u32,
    strangers: u32,
}

impl PulseEstimator {
    pub fn new(config: PulseEstimatorConfig) -> Self {
        Self { config, seen: VecDeque::new(), train: None, generation: 0, strangers: 0 }
    }

    /// Learns from an exposure of the reference camera. Those that are vague against the period are left out, and so
    /// are those that come again or out of order.
    pub fn observe(&mut self, exposure: HostTime) {
        let nominal_ns = 1e9 / self.config.rate_hz;
        if f64::from(exposure.uncertainty_ns) > TOLERANCE / 2.0 * nominal_ns {
            return;
        }
        let Some(&(last_pulse, last)) = self.seen.back() else {
            self.seen.push_back((0, exposure));
            return;
        };
        if self.stopped(exposure.ns) {
            return self.begin(exposure);
        }
        let (period_ns, period_off) = self.period();
        let periods = (exposure.ns - last.ns) as f64 / period_ns;
        let steps = periods.round();
        // How far the numbers could be off: the rate, over the pulses since the last exposure, and both times.
        let vague_ns = f64::from(exposure.uncertainty_ns) + f64::from(last.uncertainty_ns);
        let off = (periods - steps).abs() + steps.abs() * period_off + vague_ns / period_ns;
        if off > 2.0 * TOLERANCE {
            self.strangers += 1;
        } else if steps >= 1.0 {
            self.strangers = 0;
            self.seen.push_back((last_pulse + steps as u64, exposure));
            if self.seen.len() > self.config.window.max(MIN_EXPOSURES) {
                self.seen.pop_front();
            }
            self.train = self.fit();
        }
        if self.strangers >= STRANGERS {
            self.begin(exposure);
        }
    }

    /// The pulses of this generation as they are known now; none before enough exposures were seen.
    pub fn pulses(&self) -> Option<PulseTrain> {
        self.train
    }

    /// Goes up when the pulses start anew, from 0. Pulse 0 is another one then: frames belong to another segment.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Whether the pulses have stopped, seen at a host time; also before the first.
    pub fn stopped(&self, now_ns: i64) -> bool {
        let patience_ns = f64::from(self.config.stop_after) * 1e9 / self.config.rate_hz;
        self.seen.back().is_none_or(|(_, last)| (now_ns - last.ns) as f64 > patience_ns)
    }

    fn begin(&mut self, exposure: HostTime) {
        *self = Self { generation: self.generation + 1, ..Self::new(self.config) };
        self.seen.push_back((0, exposure));
    }

    /// The period, and how far it may be off as a fraction of it.
    fn period(&self) -> (f64, f64) {
        let nominal_ns = 1e9 / self.config.rate_hz;
        let (Some(train), Some(first), Some(last)) = (self.train, self.seen.front(), self.seen.back()) else {
            return (nominal_ns, self.config.rate_tolerance);
        };
        let span_ns = (last.1.ns - first.1.ns) as f64;
        let ends_ns = f64::from(first.1.uncertainty_ns) + f64::from(last.1.uncertainty_ns);
        (train.period_ns, (ends_ns / span_ns).min(self.config.rate_tolerance))
    }

    /// Least squares over the window.
    fn fit(&self) -> Option<PulseTrain> {
        if self.seen.len() < MIN_EXPOSURES {
            return None;
        }
        let &(base_pulse, base) = self.seen.back()?;
        let count = self.seen.len() as f64;
        // Relative to the newest, so that f64 holds them exactly.
        let points =
            || self.seen.iter().map(|(pulse, time)| (-((base_pulse - pulse) as f64), (time.ns - base.ns) as f64));
        let (x_mean, y_mean) = points().fold((0.0, 0.0), |mean, (x, y)| (mean.0 + x / count, mean.1 + y / count));
        let (xx, xy) =
            points().fold((0.0, 0.0), |(xx, xy), (x, y)| (xx + (x - x_mean).powi(2), xy + (x - x_mean) * (y - y_mean)));
        let period_ns = xy / xx;
        let base_off_ns = y_mean - x_mean * period_ns;
        let squares: f64 = points().map(|(x, y)| (y - base_off_ns - x * period_ns).powi(2)).sum();
        // Two deviations, and at the newer end of its points a line is off by twice what their mean is.
        let spread_ns = 2.0 * 2.0 * squares.sqrt() / count;
        // Errors of mapped times hang together, so they do not average out.
        let vague_ns = self.seen.iter().map(|(_, time)| f64::from(time.uncertainty_ns)).sum::<f64>() / count;
        let start_ns = base.ns + (base_off_ns - base_pulse as f64 * period_ns).round() as i64;
        // The cast saturates.
        Some(PulseTrain { start_ns, period_ns, uncertainty_ns: (spread_ns + vague_ns).ceil() as u32 })
    }
}
