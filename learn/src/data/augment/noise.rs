//! Noise fields for pictures and masks, generated once from a seed: on a CPU, generating them for each batch would take
//! longer than the rest of augmentation.

use model::ModelError;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tch::{Device, Tensor};

use crate::data::random::normals;

/// Number of fields of each smooth kind.
const FIELDS: i64 = 256;
const FINE_FIELDS: i64 = 64;

pub(crate) struct Noise {
    /// Independent pixels, normal: `[64, 3, crop, crop]`.
    pub fine: Tensor,
    /// Varies on the scale of a hand, normal: `[256, 1, crop, crop]`.
    pub middle: Tensor,
    /// Varies on the scale of a limb, normal: `[256, 1, crop, crop]`.
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

    /// The fields at these indices.
    pub fn pick(fields: &Tensor, indices: &Tensor) -> Result<Tensor, ModelError> {
        Ok(fields.f_index_select(0, indices)?)
    }

    /// Number of fields.
    pub fn count(fields: &Tensor) -> i64 {
        fields.size().first().copied().unwrap_or(0)
    }
}

/// Normal noise on a grid of `cells` × `cells`, interpolated to `[fields, channels, crop, crop]` and scaled to unit
/// variance.
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
