//! Photometric augmentation: effects of light, lenses and sensors.

use model::ModelError;
use rand::RngExt;
use tch::Tensor;

use super::noise::Noise;
use crate::data::random::Draws;

/// Applies `change` to the chosen pictures of a batch. It is called with these pictures and their number.
pub(crate) fn on_some(
    pictures: &mut Tensor,
    chosen: Option<Tensor>,
    change: impl FnOnce(&Tensor, i64) -> Result<Tensor, ModelError>,
) -> Result<(), ModelError> {
    if let Some(index) = chosen {
        let changed = change(&pictures.f_index_select(0, &index)?, index.size1()?)?;
        let _ = pictures.f_index_copy_(0, &index, &changed)?;
    }
    Ok(())
}

/// Simulates other cameras on pictures `[B, 3, crop, crop]`, 0 to 1. A fraction `share` of them gets a change of
/// brightness, contrast and colour; gamma, grey, blur, low resolution and noise are applied to fewer.
pub(crate) fn other_cameras(
    mut rgb: Tensor,
    noise: &Noise,
    share: f64,
    draws: &mut Draws,
) -> Result<Tensor, ModelError> {
    let (n, _, side, _) = rgb.size4()?;
    let (mut gains, mut offsets) = (Vec::with_capacity(3 * n as usize), Vec::with_capacity(3 * n as usize));
    for changed in draws.coins(share) {
        let mut draw = |low: f64, high: f64| low + (high - low) * draws.rng.random::<f64>();
        let (contrast, brightness) = (draw(0.6, 1.4), draw(-0.2, 0.2));
        for _ in 0..3 {
            let gain = contrast * draw(0.85, 1.15);
            gains.push(if changed { gain as f32 } else { 1.0 });
            offsets.push(if changed { (brightness + 0.5 * (1.0 - contrast)) as f32 } else { 0.0 });
        }
    }
    let per_channel = |values: &[f32]| -> Result<Tensor, ModelError> {
        Ok(Tensor::f_from_slice(values)?.f_to_device(draws.device())?.f_reshape([-1, 3, 1, 1])?)
    };
    rgb = rgb.f_mul(&per_channel(&gains)?)?.f_add(&per_channel(&offsets)?)?.f_clamp_(0.0, 1.0)?;

    let chosen = draws.chosen(0.3 * share)?;
    let gammas: Vec<f32> = draws.values(0.6..1.7);
    on_some(&mut rgb, chosen, |some, k| {
        let gamma =
            Tensor::f_from_slice(&gammas[..k as usize])?.f_to_device(some.device())?.f_reshape([-1, 1, 1, 1])?;
        Ok(some.f_clamp_min(1e-4)?.f_pow(&gamma)?)
    })?;
    on_some(&mut rgb, draws.chosen(0.1 * share)?, |some, _| {
        Ok(some.f_mean_dim([1].as_slice(), true, None)?.f_expand_as(some)?.f_contiguous()?)
    })?;
    on_some(&mut rgb, draws.chosen(0.25 * share)?, |some, _| Ok(some.f_avg_pool2d(3, 1, 1, false, false, None)?))?;
    let fewer = draws.rng.random_range(2..=4);
    on_some(&mut rgb, draws.chosen(0.2 * share)?, |some, _| {
        let coarse = some.f_avg_pool2d(fewer, fewer, 0, true, false, None)?;
        Ok(coarse.f_upsample_bilinear2d([side, side], false, None, None)?)
    })?;
    let chosen = draws.chosen(0.4 * share)?;
    let (fields, sigmas) = (draws.indices(Noise::count(&noise.fine))?, draws.uniform(0.0..0.08)?);
    on_some(&mut rgb, chosen, |some, k| {
        let grain = Noise::pick(&noise.fine, &fields.f_narrow(0, 0, k)?)?;
        Ok(some.f_add(&grain.f_mul(&sigmas.f_narrow(0, 0, k)?)?)?.f_clamp_(0.0, 1.0)?)
    })?;
    Ok(rgb)
}
