//! Backgrounds and bystanders.

use model::ModelError;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor};

use super::noise::{Noise, smooth};
use super::placement::Placement;
use crate::data::random::{Draws, normals};
use crate::data::rendered::Dataset;

/// Number of bystanders to choose from.
const BYSTANDERS: usize = 256;

/// Backgrounds and bystanders to compose pictures from. They come from all training pictures, so that a picture's
/// background reveals nothing about the other pictures of its batch.
pub(crate) struct Scenery {
    /// u8 `[K, 3, crop, crop]`.
    backgrounds: Tensor,
    /// u8 `[256, 4, crop, crop]`, the mask last.
    bystanders: Tensor,
}

impl Scenery {
    /// Half of the backgrounds are from pictures with the subject painted over; the other half are synthetic.
    pub fn new(dataset: &Dataset, rows: &[u32], count: usize, crop_px: i64, seed: u64) -> Result<Self, ModelError> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let device = dataset.device();
        let mut pick =
            |n: usize| -> Vec<u32> { (0..n).map(|_| rows[rng.random_range(0..rows.len().max(1))]).collect() };
        let (behind, people) = (pick(count.div_ceil(2).max(1)), pick(BYSTANDERS));
        let mut backgrounds = Vec::new();
        // In chunks, since the intermediate fields are f32.
        for chunk in behind.chunks(256) {
            let n = chunk.len() as i64;
            let batch = dataset.batch(chunk)?;
            let placed =
                Placement::plain(chunk.len(), dataset.config().margin, device)?.pictures(&batch.pixels, crop_px)?;
            let (rgb, subject) = (placed.f_narrow(1, 0, 3)?, placed.f_narrow(1, 3, 1)?);
            let behind = painted_over(&rgb, &subject.f_max_pool2d(5, 1, 2, 1, false)?)?;
            backgrounds.push(to_bytes(&behind)?);
            let made_up = made_up(&mut rng, n, crop_px, device)?;
            backgrounds.push(to_bytes(&made_up)?);
        }
        let batch = dataset.batch(&people)?;
        let placed =
            Placement::plain(people.len(), dataset.config().margin, device)?.pictures(&batch.pixels, crop_px)?;
        Ok(Self { backgrounds: Tensor::f_cat(&backgrounds, 0)?, bystanders: to_bytes(&placed)? })
    }

    /// Adds backgrounds of any origin: u8 `[K, 3, height, width]`.
    pub fn add(&mut self, backgrounds: &Tensor) -> Result<(), ModelError> {
        let (_, _, side, _) = self.backgrounds.size4()?;
        let resized = backgrounds.f_to_kind(Kind::Float)?.f_upsample_bilinear2d([side, side], false, None, None)?;
        let resized = resized.f_to_kind(Kind::Uint8)?.f_to_device(self.backgrounds.device())?;
        self.backgrounds = Tensor::f_cat(&[&self.backgrounds, &resized], 0)?;
        Ok(())
    }

    /// A random background for each picture, `[B, 3, crop, crop]`. The whole batch is mirrored with probability 0.5.
    pub fn behind(&self, draws: &mut Draws) -> Result<Tensor, ModelError> {
        let indices = draws.indices(Noise::count(&self.backgrounds))?;
        let chosen = to_unit(&self.backgrounds.f_index_select(0, &indices)?)?;
        Ok(if draws.rng.random() { chosen.f_flip([3])? } else { chosen })
    }

    /// Bystanders for `count` pictures: colours `[count, 3, crop, crop]` and masks `[count, 1, crop, crop]`, shifted
    /// away from the centre of the crop.
    pub fn beside(&self, count: i64, draws: &mut Draws) -> Result<(Tensor, Tensor), ModelError> {
        let all = Noise::count(&self.bystanders);
        let indices: Vec<i64> = (0..count).map(|_| draws.rng.random_range(0..all.max(1))).collect();
        let indices = Tensor::f_from_slice(&indices)?.f_to_device(draws.device())?;
        let people = to_unit(&self.bystanders.f_index_select(0, &indices)?)?;
        let part = draws.rng.random_range(0.35..0.7) * if draws.rng.random() { 1.0 } else { -1.0 };
        let people = shifted(&people, [part, draws.rng.random_range(-0.15..0.15)])?;
        Ok((people.f_narrow(1, 0, 3)?, people.f_narrow(1, 3, 1)?))
    }
}

/// Shifts pictures `[B, C, side, side]` by fractions of their side, x right and y down. Fills with 0.
pub(crate) fn shifted(pictures: &Tensor, part: [f64; 2]) -> Result<Tensor, ModelError> {
    let (_, _, side, _) = pictures.size4()?;
    let [x, y] = part.map(|part| (part * side as f64).round() as i64);
    // Negative padding crops.
    Ok(pictures.f_constant_pad_nd([x, -x, y, -y].as_slice())?)
}

/// Replaces the subject by the mean of the background pixels around it (within about a quarter of the side), so that no
/// silhouette remains.
fn painted_over(rgb: &Tensor, subject: &Tensor) -> Result<Tensor, ModelError> {
    let (_, _, side, _) = rgb.size4()?;
    let free = subject.f_rsub_scalar(1)?;
    // A coarse grid is enough, since the mean is smooth.
    let around = |field: &Tensor| field.f_adaptive_avg_pool2d([8, 8])?.f_avg_pool2d(5, 1, 2, false, true, None);
    let mean = around(&rgb.f_mul(&free)?)?.f_div(&around(&free)?.f_clamp_min(1e-3)?)?;
    let mean = mean.f_upsample_bilinear2d([side, side], false, None, None)?;
    Ok(rgb.f_add(&mean.f_sub(rgb)?.f_mul(subject)?)?)
}

/// Synthetic backgrounds `[n, 3, crop, crop]`, 0 to 1: gradients, clouds and blocks in random colours.
fn made_up(rng: &mut ChaCha8Rng, n: i64, crop_px: i64, device: Device) -> Result<Tensor, ModelError> {
    let colours = normals(rng, &[n, 3, 1, 1], device)?.f_mul_scalar(0.2)?.f_add_scalar(0.45)?;
    let slopes = smooth(rng, n, 3, 2, crop_px, device)?.f_mul_scalar(0.12)?;
    let clouds = smooth(rng, n, 3, 7, crop_px, device)?;
    let blocks = normals(rng, &[n, 3, 6, 6], device)?.f_upsample_nearest2d([crop_px, crop_px], None, None)?;
    let fine = normals(rng, &[1, 3, crop_px, crop_px], device)?;
    let mut strength = |most: f64| -> Result<Tensor, ModelError> {
        let values: Vec<f32> = (0..n).map(|_| (most * rng.random::<f64>().powi(2)) as f32).collect();
        Ok(Tensor::f_from_slice(&values)?.f_to_device(device)?.f_reshape([-1, 1, 1, 1])?)
    };
    let parts = [clouds.f_mul(&strength(0.25)?)?, blocks.f_mul(&strength(0.3)?)?, fine.f_mul(&strength(0.1)?)?];
    let mut sum = colours.f_add(&slopes)?;
    for part in parts {
        sum = sum.f_add(&part)?;
    }
    Ok(sum.f_clamp(0.0, 1.0)?)
}

fn to_bytes(unit: &Tensor) -> Result<Tensor, ModelError> {
    Ok(unit.f_mul_scalar(255.0)?.f_round()?.f_clamp(0.0, 255.0)?.f_to_kind(Kind::Uint8)?)
}

fn to_unit(bytes: &Tensor) -> Result<Tensor, ModelError> {
    Ok(bytes.f_to_kind(Kind::Float)?.f_mul_scalar(1.0 / 255.0)?)
}
