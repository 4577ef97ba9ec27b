//! The drift of hand-held cameras.

use glam::Vec3;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::seed;

/// A smooth, endless drift around zero: three sines for each axis, with periods from under one to ten seconds.
#[derive(Clone, Debug)]
pub struct Drift {
    waves: [[Wave; 3]; 3],
}

#[derive(Clone, Copy, Debug)]
struct Wave {
    amplitude: f32,
    rate: f64,
    phase: f64,
}

impl Drift {
    /// `reach` bounds each axis.
    pub fn new(rng: &mut ChaCha8Rng, reach: Vec3) -> Self {
        // Slow ones contribute most, as with a hand.
        const SHARES: [f32; 3] = [0.7, 0.22, 0.08];
        const PERIODS_S: [f32; 3] = [8.0, 2.5, 0.7];
        let waves = std::array::from_fn(|axis| {
            std::array::from_fn(|i| Wave {
                amplitude: reach[axis] * SHARES[i],
                rate: std::f64::consts::TAU / f64::from(PERIODS_S[i] * seed::within(rng, 0.7..=1.3)),
                phase: std::f64::consts::TAU * rng.random::<f64>(),
            })
        });
        Self { waves }
    }

    pub fn at(&self, time_s: f64) -> Vec3 {
        let axis = |waves: &[Wave; 3]| -> f32 {
            waves.iter().map(|wave| wave.amplitude * (wave.rate * time_s + wave.phase).sin() as f32).sum()
        };
        Vec3::new(axis(&self.waves[0]), axis(&self.waves[1]), axis(&self.waves[2]))
    }
}
