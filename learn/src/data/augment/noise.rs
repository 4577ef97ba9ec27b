//! Fields of noise that pictures and masks pick from, made once from a seed: drawing them per pixel and batch would
//! cost a CPU more than all else.

use model::ModelError;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tch::{Device, Tensor};

use crate::data::random::normals;

/// Fields of either kind.
const FIELDS: i64 = 256;
const FINE_FIELDS: i64 = 64;

pub(crate) struct Noise {
    /// Independent pixels, normal: `[64, 3, crop, crop]`.
    pub fine: Tensor,
    /// Ragged on the scale of a hand, normal: `[256, 1, crop, crop]`.
    pub middle: Tensor,
    /// Smooth on the scale of a limb and more, normal: `[256, 1, crop, crop]`.
    pub coarse: Tensor,
}

impl Noise {
    pub fn new(crop_px: i64, seed: u64, device: Device) -> Result<Self, ModelError> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        Ok(Self {
            fine: normals(&mut rng, &[FINE_FIELDS, 3, crop_px, crop_px], device)?,
            middle: smooth(&mut rng, FIELDS, 1, 24, crop_px, device)?,
            coarse: smooth(&mut rng, FIELDS, 1, 8, crop_px, device)?,
        })
    }

    /// One field of a kind for each index.
    pub fn pick(fields: &Tensor, indices: &Tensor) -> Result<Tensor, ModelError> {
        Ok(fields.f_index_select(0, indices)?)
    }

    /// Number of fields of a kind.
    pub fn count(fields: &Tensor) -> i64 {
        fields.size().first().copied().unwrap_or(0)
    }
}

/// Normal numbers on a grid of `cells` × `cells`, interpolated, with unit variance again.
pub(crate) fn smooth(
    rng: &mut ChaCha8Rng,
    fields: i64,
    channels: i64,
    cells: i64,
    crop_px: i64,
    device: Device,
) -> Result<Tensor, ModelError> {
    let grid = normals(rng, &[fields, channels, cells, cells], device)?;
    let field = grid.f_upsample_bilinear2d([crop_px, crop_px], false, None, None)?;
    let deviation = field.f_std(true)?.f_clamp_min(1e-6)?;
    Ok(field.f_div(&deviation)?)
}
