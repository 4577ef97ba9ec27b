//! Weights that rise and fall.

use std::f32::consts::TAU;

use rand::{Rng, RngExt};

/// A weight that rises and falls between `least` and 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Swell {
    least: f32,
    period_s: f32,
    /// Share of the period.
    phase: f32,
}

impl Swell {
    pub(super) fn sample(rng: &mut impl Rng) -> Self {
        Self {
            least: rng.random_range(0.0..0.6),
            period_s: rng.random_range(3.0..9.0),
            phase: rng.random_range(0.0..1.0),
        }
    }

    pub(super) fn at(&self, time_s: f32) -> f32 {
        let wave = 0.5 - 0.5 * (TAU * (time_s / self.period_s + self.phase)).cos();
        self.least + (1.0 - self.least) * wave
    }
}
