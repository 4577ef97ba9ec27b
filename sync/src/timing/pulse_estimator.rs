//! Estimates trigger pulses from the exposures that they cause.

use std::collections::VecDeque;

use frame::HostTime;

use super::pulse_train::PulseTrain;

/// The nominal rate of the pulses, and how a [`PulseEstimator`] follows them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PulseEstimatorConfig {
    /// Nominal rate of the pulses in Hz, above zero.
    pub rate_hz: f64,
    /// How far the true rate may be from that, as a fraction of it.
    pub rate_tolerance: f64,
    /// How many of the last exposures are fitted; at least 8 always are.
    pub window: usize,
    /// After this many periods without an exposure the pulses count as stopped.
    pub stop_after: u32,
}

impl PulseEstimatorConfig {
    /// A rate true to 1 %, a fit over 128 exposures, stopped after 32 periods.
    pub fn new(rate_hz: f64) -> Self {
        Self { rate_hz, rate_tolerance: 0.01, window: 128, stop_after: 32 }
    }
}

/// Exposures needed before a train is reported.
const MIN_EXPOSURES: usize = 8;
/// A fraction of the period. An exposure is used if its uncertainty is at most half of this, and numbered if it lies at
/// most twice this from its pulse, with all uncertainties added.
const TOLERANCE: f64 = 0.25;
/// After this many exposures that fit no pulse, without one between them that does, the pulses have restarted without a
/// pause.
const MISFITS_BEFORE_RESTART: u32 = 8;

/// Trigger pulses of an external source, such as a generator or a camera that drives the others, inferred from the
/// exposures of a reference camera that every pulse exposes.
///
/// The first exposure is pulse 0. Each further one is numbered by the train estimated from the exposures before it, so
/// numbers never change when the estimate does. When an exposure cannot be numbered, because the pulses stopped or no
/// longer fit the train, a new generation begins, with its own pulse 0.
pub struct PulseEstimator {
    config: PulseEstimatorConfig,
    /// (pulse, exposure), oldest first.
    seen: VecDeque<(u64, HostTime)>,
    train: Option<PulseTrain>,
    generation: u32,
    /// Exposures that fit no pulse since the last one that did.
    misfits: u32,
}

impl PulseEstimator {
    /// An estimator that has seen no exposure.
    pub fn new(config: PulseEstimatorConfig) -> Self {
        Self { config, seen: VecDeque::new(), train: None, generation: 0, misfits: 0 }
    }

    /// Learns from an exposure of the reference camera. Ignores those whose uncertainty exceeds an eighth of the
    /// period, and repeated or out-of-order ones.
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
        // How far the number may be off, in periods: by the rate over the pulses since the last exposure, and by the
        // uncertainty of both exposures.
        let uncertain_ns = f64::from(exposure.uncertainty_ns) + f64::from(last.uncertainty_ns);
        let off = (periods - steps).abs() + steps.abs() * period_off + uncertain_ns / period_ns;
        if off > 2.0 * TOLERANCE {
            self.misfits += 1;
        } else if steps >= 1.0 {
            self.misfits = 0;
            self.seen.push_back((last_pulse + steps as u64, exposure));
            if self.seen.len() > self.config.window.max(MIN_EXPOSURES) {
                self.seen.pop_front();
            }
            self.train = self.fit();
        }
        if self.misfits >= MISFITS_BEFORE_RESTART {
            self.begin(exposure);
        }
    }

    /// The latest estimate of this generation's pulses; `None` until 8 exposures were seen.
    pub fn pulses(&self) -> Option<PulseTrain> {
        self.train
    }

    /// How often the pulses have restarted. Each generation counts its pulses from 0, so its frames need a segment of
    /// their own.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Whether the pulses have stopped by this host time, in ns. Also true before the first exposure.
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
        // Relative to the newest exposure, so that f64 is exact.
        let points =
            || self.seen.iter().map(|(pulse, time)| (-((base_pulse - pulse) as f64), (time.ns - base.ns) as f64));
        let (x_mean, y_mean) = points().fold((0.0, 0.0), |mean, (x, y)| (mean.0 + x / count, mean.1 + y / count));
        let (xx, xy) =
            points().fold((0.0, 0.0), |(xx, xy), (x, y)| (xx + (x - x_mean).powi(2), xy + (x - x_mean) * (y - y_mean)));
        let period_ns = xy / xx;
        let base_off_ns = y_mean - x_mean * period_ns;
        let squares: f64 = points().map(|(x, y)| (y - base_off_ns - x * period_ns).powi(2)).sum();
        // Two standard deviations; at the newest of its points a line is off by twice as much as at their mean.
        let spread_ns = 2.0 * 2.0 * squares.sqrt() / count;
        // Errors of times mapped by one clock model are correlated, so they do not average out.
        let uncertain_ns = self.seen.iter().map(|(_, time)| f64::from(time.uncertainty_ns)).sum::<f64>() / count;
        let start_ns = base.ns + (base_off_ns - base_pulse as f64 * period_ns).round() as i64;
        // The cast to u32 saturates.
        Some(PulseTrain { start_ns, period_ns, uncertainty_ns: (spread_ns + uncertain_ns).ceil() as u32 })
    }
}
