//! How weights follow their gradients.

use serde::{Deserialize, Serialize};

/// What "weight decay" means: the paper names AdamW, and its authors' other code decays very differently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DecayReading {
    /// All parameters shrink by lr · decay per step.
    #[default]
    PyTorch,
    /// Parameters shrink by decay, scaled as the schedule scales the learning rate but not by the learning rate
    /// itself; BatchNorm and biases do not shrink (the code of Jenni et al., ECCV 2020).
    TensorFlow,
}

/// AdamW and the schedule of its learning rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Optimiser {
    /// The highest rate, reached after the warm-up; within (0, 1).
    pub learning_rate: f64,
    /// Steps over which the rate rises from 0.
    pub warm_up_steps: u64,
    /// Length of the cosine down to a thousandth of the rate. A live run that outlasts it stays there.
    pub total_steps: u64,
    /// Strength of the decay as `decay_reading` has it; within [0, 1).
    pub weight_decay: f64,
    /// Which program's AdamW the paper's "weight decay 1e-4" speaks of.
    pub decay_reading: DecayReading,
    /// Decay rates of the running means of gradients and of their squares; within [0, 1).
    pub betas: (f64, f64),
    /// Added to the denominator of a step against division by zero; above 0.
    pub epsilon: f64,
}

impl Default for Optimiser {
    fn default() -> Self {
        Self {
            learning_rate: 1e-4,
            warm_up_steps: 0,
            total_steps: 200_000,
            weight_decay: 1e-4,
            decay_reading: DecayReading::PyTorch,
            betas: (0.9, 0.999),
            epsilon: 1e-8,
        }
    }
}
