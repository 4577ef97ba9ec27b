//! The precision that poses are computed in.

use std::time::{Duration, Instant};

use model::{PROBE_LIMIT, PoseModel, Precision, autocast, has_bf16, spent};
pub use recipe::PrecisionChoice;
use tch::{Kind, Tensor};

use crate::InferError;

/// Pictures in the probe: the views of the usual rig.
const VIEWS: i64 = 4;
const ROUNDS: usize = 5;

/// The precision asked for, or the faster one for a moment of four views on this model and device.
pub(crate) fn choose(choice: PrecisionChoice, model: &PoseModel) -> Result<Precision, InferError> {
    match choice {
        PrecisionChoice::F32 => Ok(Precision::F32),
        PrecisionChoice::Bf16 => Ok(Precision::Bf16),
        PrecisionChoice::Auto => faster(model),
    }
}

/// `f32` or `bf16`.
pub fn precision_name(precision: Precision) -> &'static str {
    match precision {
        Precision::F32 => "f32",
        Precision::Bf16 => "bf16",
    }
}

/// Times one forward pass each to warm up, then several in turn, of which the fastest counts; f32 without timing if the
/// device does not support bf16 natively.
fn faster(model: &PoseModel) -> Result<Precision, InferError> {
    if !has_bf16(model.device())? {
        return Ok(Precision::F32);
    }
    let (side, device) = (i64::from(model.spec().crop_px), model.device());
    let pictures = Tensor::f_zeros([VIEWS, 3, side, side], (Kind::Float, device)).map_err(model::ModelError::from)?;
    let pass = |precision| -> Result<Duration, InferError> {
        let begun = spent(device);
        let poses = autocast(precision, device, || model.predict(&pictures))?;
        // Reading a value waits for the device.
        poses.f_double_value(&[0, 0, 0]).map_err(model::ModelError::from)?;
        Ok(spent(device).saturating_sub(begun))
    };
    let begun = Instant::now();
    let (mut f32, mut bf16) = (pass(Precision::F32)?, pass(Precision::Bf16)?);
    for _ in 0..ROUNDS {
        if begun.elapsed() > PROBE_LIMIT {
            break;
        }
        f32 = f32.min(pass(Precision::F32)?);
        bf16 = bf16.min(pass(Precision::Bf16)?);
    }
    tracing::info!(?f32, ?bf16, "time of a forward pass of {VIEWS} views");
    Ok(if bf16 < f32 { Precision::Bf16 } else { Precision::F32 })
}
