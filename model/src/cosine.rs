//! The schedule of the learning rate.

use serde::{Deserialize, Serialize};

/// A linear warm-up to `lr`, then half a cosine down to a thousandth of it (SYNC: 1e-4 to 1e-7).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Cosine {
    pub lr: f64,
    pub warm_up_steps: u64,
    /// All steps, including the warm-up.
    pub total_steps: u64,
}

/// The learning rate at the end, relative to `lr`.
const FLOOR: f64 = 1e-3;

impl Cosine {
    /// The learning rate of a step, counted from 0. After the end it remains at its lowest value.
    pub fn at(&self, step: u64) -> f64 {
        if step < self.warm_up_steps {
            return self.lr * (step + 1) as f64 / (self.warm_up_steps + 1) as f64;
        }
        let length = self.total_steps.saturating_sub(self.warm_up_steps).max(1);
        let progress = ((step - self.warm_up_steps) as f64 / length as f64).min(1.0);
        let cosine = 0.5 * (1.0 + (std::f64::consts::PI * progress).cos());
        self.lr * (FLOOR + (1.0 - FLOOR) * cosine)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rises_once_and_falls_to_a_thousandth() {
        let schedule = Cosine { lr: 1e-4, warm_up_steps: 20, total_steps: 200 };
        let lrs: Vec<f64> = (0..=200).map(|step| schedule.at(step)).collect();
        assert!(lrs[..=20].windows(2).all(|w| w[0] < w[1]));
        assert!(lrs[20..].windows(2).all(|w| w[0] > w[1]));
        assert!((lrs[20] - 1e-4).abs() < 1e-12);
        assert!((lrs[110] - 1e-4 * (0.5 + 0.5e-3)).abs() < 1e-12);
        assert!((lrs[200] - 1e-7).abs() < 1e-15);
        assert_eq!(schedule.at(10_000), lrs[200]);
    }

    #[test]
    fn no_warm_up_starts_at_the_top() {
        assert_eq!(Cosine { lr: 0.5, warm_up_steps: 0, total_steps: 0 }.at(0), 0.5);
    }
}
