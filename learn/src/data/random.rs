//! Random numbers for one batch, drawn on the host so that they are the same for every device.

use std::ops::Range;

use model::ModelError;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tch::{Device, Tensor};

pub(crate) struct Draws {
    pub rng: ChaCha8Rng,
    pictures: usize,
    device: Device,
}

impl Draws {
    pub fn new(seed: u64, pictures: usize, device: Device) -> Self {
        Self { rng: ChaCha8Rng::seed_from_u64(seed), pictures, device }
    }

    pub fn device(&self) -> Device {
        self.device
    }

    /// One value from the interval for each picture.
    pub fn values(&mut self, range: Range<f64>) -> Vec<f32> {
        (0..self.pictures)
            .map(|_| (range.start + (range.end - range.start) * self.rng.random::<f64>()) as f32)
            .collect()
    }

    /// For each picture, `true` with probability `share`.
    pub fn coins(&mut self, share: f64) -> Vec<bool> {
        (0..self.pictures).map(|_| self.rng.random_bool(share.clamp(0.0, 1.0))).collect()
    }

    /// `values` as `[pictures, 1, 1, 1]`.
    pub fn column(&self, values: &[f32]) -> Result<Tensor, ModelError> {
        Ok(Tensor::f_from_slice(values)?.f_to_device(self.device)?.f_reshape([-1, 1, 1, 1])?)
    }

    /// [`Self::values`] as `[pictures, 1, 1, 1]`.
    pub fn uniform(&mut self, range: Range<f64>) -> Result<Tensor, ModelError> {
        let values = self.values(range);
        self.column(&values)
    }

    /// [`Self::uniform`] for each picture with probability `share`, otherwise `other`.
    pub fn sometimes(&mut self, share: f64, range: Range<f64>, other: f32) -> Result<Tensor, ModelError> {
        let coins = self.coins(share);
        let values: Vec<f32> =
            self.values(range).into_iter().zip(coins).map(|(value, coin)| if coin { value } else { other }).collect();
        self.column(&values)
    }

    /// Indices `[k]` of pictures, each chosen with probability `share`; `None` if there are none.
    pub fn chosen(&mut self, share: f64) -> Result<Option<Tensor>, ModelError> {
        let coins = self.coins(share);
        let chosen: Vec<i64> = (0..).zip(coins).filter(|(_, coin)| *coin).map(|(index, _)| index).collect();
        if chosen.is_empty() {
            return Ok(None);
        }
        Ok(Some(Tensor::f_from_slice(&chosen)?.f_to_device(self.device)?))
    }

    /// One index below `below` for each picture: `[pictures]`.
    pub fn indices(&mut self, below: i64) -> Result<Tensor, ModelError> {
        let indices: Vec<i64> = (0..self.pictures).map(|_| self.rng.random_range(0..below.max(1))).collect();
        Ok(Tensor::f_from_slice(&indices)?.f_to_device(self.device)?)
    }
}

/// Standard normal numbers.
pub(crate) fn normals(rng: &mut ChaCha8Rng, shape: &[i64], device: Device) -> Result<Tensor, ModelError> {
    let values: Vec<f32> = (0..shape.iter().product())
        .map(|_| {
            let (u, v): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
            ((-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()) as f32
        })
        .collect();
    Ok(Tensor::f_from_slice(&values)?.f_reshape(shape)?.f_to_device(device)?)
}
