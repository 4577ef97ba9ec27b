//! The optimiser.

use recipe::DecayReading;
use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::{ModelError, named_tensors::Named, shim::FusedAdamW};

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct AdamWConfig {
    /// The schedule's highest learning rate.
    pub lr: f64,
    pub betas: (f64, f64),
    pub eps: f64,
    pub weight_decay: f64,
    pub decay_reading: DecayReading,
}

impl Default for AdamWConfig {
    /// SYNC's values.
    fn default() -> Self {
        Self { lr: 1e-4, betas: (0.9, 0.999), eps: 1e-8, weight_decay: 1e-4, decay_reading: DecayReading::PyTorch }
    }
}

struct Slot {
    name: String,
    param: Tensor,
    m: Tensor,
    v: Tensor,
    /// Steps of this parameter: a scalar in f32, as the fused kernel needs it.
    step: Tensor,
}

/// AdamW (Loshchilov & Hutter 2019) by libtorch's fused kernel.
pub struct AdamW {
    config: AdamWConfig,
    slots: Vec<Slot>,
}

impl AdamW {
    /// New moments for these parameters, whose memory format must not change any more.
    pub fn new(config: AdamWConfig, params: Vec<(String, Tensor)>) -> Result<Self, ModelError> {
        let slots = params
            .into_iter()
            .map(|(name, param)| {
                let (m, v) = tch::no_grad(|| Ok::<_, ModelError>((param.f_zeros_like()?, param.f_zeros_like()?)))?;
                let step = Tensor::f_zeros([], (Kind::Float, param.device()))?;
                Ok(Slot { name, param, m, v, step })
            })
            .collect::<Result<_, ModelError>>()?;
        Ok(Self { config, slots })
    }

    /// The settings.
    pub fn config(&self) -> &AdamWConfig {
        &self.config
    }

    /// Steps taken so far.
    pub fn steps(&self) -> Result<u64, ModelError> {
        let mut most = 0.0_f64;
        for slot in &self.slots {
            most = most.max(slot.step.f_double_value(&[])?);
        }
        Ok(most as u64)
    }

    /// Sets the gradients to zero.
    pub fn zero_grad(&mut self) -> Result<(), ModelError> {
        for slot in &self.slots {
            let mut grad = slot.param.f_grad()?;
            if grad.defined() {
                let _ = grad.f_detach_()?.f_zero_()?;
            }
        }
        Ok(())
    }

    /// The parameters.
    pub fn parameters(&self) -> impl Iterator<Item = &Tensor> {
        self.slots.iter().map(|slot| &slot.param)
    }

    /// One step with this learning rate. Parameters without a gradient do not change.
    pub fn step(&mut self, lr: f64) -> Result<(), ModelError> {
        let mut with_grad = Vec::with_capacity(self.slots.len());
        for slot in &self.slots {
            if slot.param.f_grad()?.defined() {
                with_grad.push(slot);
            }
        }
        match self.config.decay_reading {
            DecayReading::PyTorch => self.fused(&with_grad, lr, self.config.weight_decay),
            DecayReading::TensorFlow => {
                // The kernel multiplies by lr; dividing by the schedule's peak leaves decay · schedule.
                let (weights, rest): (Vec<_>, Vec<_>) = with_grad.into_iter().partition(|slot| slot.param.dim() > 1);
                self.fused(&weights, lr, self.config.weight_decay / self.config.lr)?;
                self.fused(&rest, lr, 0.0)
            }
        }
    }

    fn fused(&self, slots: &[&Slot], lr: f64, weight_decay: f64) -> Result<(), ModelError> {
        FusedAdamW {
            params: slots.iter().map(|slot| &slot.param).collect(),
            m: slots.iter().map(|slot| &slot.m).collect(),
            v: slots.iter().map(|slot| &slot.v).collect(),
            steps: slots.iter().map(|slot| &slot.step).collect(),
            lr,
            betas: self.config.betas,
            weight_decay,
            eps: self.config.eps,
        }
        .run()
    }

    /// Moments and step counts by name, `adamw.m.*`, `adamw.v.*` and `adamw.step.*`, for checkpoints.
    pub fn tensors(&self) -> Vec<(String, Tensor)> {
        let mut named = Named::with_capacity(3 * self.slots.len());
        for Slot { name, m, v, step, .. } in &self.slots {
            named.push((format!("adamw.m.{name}"), m.shallow_clone()));
            named.push((format!("adamw.v.{name}"), v.shallow_clone()));
            named.push((format!("adamw.step.{name}"), step.shallow_clone()));
        }
        named
    }
}
