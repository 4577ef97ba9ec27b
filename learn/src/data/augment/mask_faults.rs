//! Simulates the errors of background subtraction in exact masks. A network trained only on exact masks fails on real
//! ones.

use model::ModelError;
use rand::RngExt;
use tch::{Kind, Tensor};

use super::noise::Noise;
use super::scenery::shifted;
use crate::data::random::Draws;

/// Turns a mask `[B, 1, crop, crop]` (the fraction of each pixel covered by the subject) into the pixels that
/// subtraction would keep, 0 or 1. A fraction `share` of the pictures gets errors, each kind independently at random.
pub(crate) fn corrupted(subject: &Tensor, noise: &Noise, share: f64, draws: &mut Draws) -> Result<Tensor, ModelError> {
    let faulty = draws.coins(share);
    let coin = |draws: &mut Draws, share: f64| -> Vec<bool> {
        draws.coins(share).into_iter().zip(&faulty).map(|(coin, faulty)| coin && *faulty).collect()
    };
    let gated =
        |draws: &mut Draws, share: f64, range: std::ops::Range<f64>, other: f32| -> Result<Tensor, ModelError> {
            let coins = coin(draws, share);
            let values =
                draws.values(range).into_iter().zip(coins).map(|(value, coin)| if coin { value } else { other });
            let values: Vec<f32> = values.collect();
            draws.column(&values)
        };

    // Ragged, grown or shrunk edges: a threshold on the blurred mask plus noise.
    let blurred = subject.f_avg_pool2d(5, 1, 2, false, true, None)?;
    let middle = Noise::pick(&noise.middle, &draws.indices(Noise::count(&noise.middle))?)?;
    let ragged = gated(draws, 0.8, 0.02..0.2, 0.0)?;
    let level = gated(draws, 0.8, 0.12..0.75, 0.5)?;
    // Pictures without errors use the mask itself, not the blurred one.
    let blur = gated(draws, 1.0, 1.0..1.0001, 0.0)?;
    let soft = subject.f_add(&blurred.f_sub(subject)?.f_mul(&blur)?)?;
    let mut kept = soft.f_add(&middle.f_mul(&ragged)?)?.f_gt_tensor(&level)?;

    // Holes, as from clothes in the colour of the wall; blobs, as from moved furniture and shadows.
    const NEVER: f32 = 9.0;
    let holes = Noise::pick(&noise.coarse, &draws.indices(Noise::count(&noise.coarse))?)?;
    kept = kept.f_logical_and(&holes.f_le_tensor(&gated(draws, 0.5, 0.7..2.2, NEVER)?)?)?;
    let blobs = Noise::pick(&noise.coarse, &draws.indices(Noise::count(&noise.coarse))?)?;
    kept = kept.f_logical_or(&blobs.f_gt_tensor(&gated(draws, 0.35, 1.6..2.8, NEVER)?)?)?;

    // A ghost: the subject's silhouette at an earlier position.
    let part = [draws.rng.random_range(-0.25..0.25), draws.rng.random_range(-0.1..0.1)];
    let ghost = shifted(subject, part)?.f_gt(0.5)?.f_logical_and(&gated(draws, 0.15, 1.0..2.0, 0.0)?.f_gt(0.5)?)?;
    kept = kept.f_logical_or(&ghost)?;

    // A missing body part: a disc.
    let (_, _, side, _) = subject.size4()?;
    let radius = gated(draws, 0.35, 0.1..0.3, 0.0)?;
    let (x, y) = axes(side, subject.device())?;
    let (at_x, at_y) = (draws.uniform(-0.6..0.6)?, draws.uniform(-0.8..0.8)?);
    let distance = x.f_sub(&at_x)?.f_square()?.f_add(&y.f_sub(&at_y)?.f_square()?)?;
    kept = kept.f_logical_and(&distance.f_ge_tensor(&radius.f_square()?)?)?;

    // Sensor noise: single pixels.
    let speckle = Noise::pick(&noise.fine, &draws.indices(Noise::count(&noise.fine))?)?.f_narrow(1, 0, 1)?;
    let specks = speckle.f_gt_tensor(&gated(draws, 0.3, 2.2..3.5, NEVER)?)?;
    Ok(kept.f_logical_xor(&specks)?.f_to_kind(Kind::Float)?)
}

/// Pixel centres of the columns `[1, 1, 1, side]` and of the rows `[1, 1, side, 1]`, −1 to 1.
pub(crate) fn axes(side: i64, device: tch::Device) -> Result<(Tensor, Tensor), ModelError> {
    let half = 1.0 / side as f64;
    let axis = Tensor::f_linspace(half - 1.0, 1.0 - half, side, (Kind::Float, device))?;
    Ok((axis.f_reshape([1, 1, 1, -1])?, axis.f_reshape([1, 1, -1, 1])?))
}
