//! Initial values from a seed, the same on all devices and independent of other random numbers.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor};

use crate::{ModelError, shim};

pub(crate) struct Init {
    rng: ChaCha8Rng,
    device: Device,
    kind: Kind,
}

impl Init {
    pub(crate) fn new(seed: i64, device: Device, kind: Kind) -> Self {
        Self { rng: ChaCha8Rng::seed_from_u64(seed.cast_unsigned()), device, kind }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    fn tensor(&self, values: &[f64], shape: &[i64], trained: bool) -> Result<Tensor, ModelError> {
        let on_device =
            Tensor::f_from_slice(values)?.f_reshape(shape)?.f_to_kind(self.kind)?.f_to_device(self.device)?;
        let mut tensor = if shape.len() == 4 { shim::channels_last(&on_device)? } else { on_device };
        let _ = tensor.f_requires_grad_(trained)?;
        Ok(tensor)
    }

    /// A convolution `[out, in, k, k]`, normal with variance 2 / (out·k²): He et al. 2015, "fan out", as in
    /// torchvision's ResNets.
    pub(crate) fn conv(&mut self, out: i64, input: i64, k: i64) -> Result<Tensor, ModelError> {
        let std = (2.0 / (out * k * k) as f64).sqrt();
        let values: Vec<f64> = (0..out * input * k * k).map(|_| std * self.normal()).collect();
        self.tensor(&values, &[out, input, k, k], true)
    }

    /// Uniform in ±1/√fan_in, as in PyTorch's linear layers.
    pub(crate) fn linear(&mut self, shape: &[i64], fan_in: i64) -> Result<Tensor, ModelError> {
        let bound = 1.0 / (fan_in as f64).sqrt();
        let values: Vec<f64> =
            (0..shape.iter().product()).map(|_| bound * (2.0 * self.rng.random::<f64>() - 1.0)).collect();
        self.tensor(&values, shape, true)
    }

    pub(crate) fn constant(&self, value: f64, size: i64, trained: bool) -> Result<Tensor, ModelError> {
        self.tensor(&vec![value; size.unsigned_abs() as usize], &[size], trained)
    }

    fn normal(&mut self) -> f64 {
        let (u, v): (f64, f64) = (1.0 - self.rng.random::<f64>(), self.rng.random());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }
}
