//! Times training steps in both precisions, to choose the faster one.

use std::time::{Duration, Instant};

use tch::{Device, Kind, Tensor};

use crate::{
    AdamW, AdamWConfig, Mode, ModelError, Precision, SyncNet, SyncNetConfig, autocast, channels_last, has_bf16, spent,
    tuple_loss,
};

/// The least times of one training step, by the clock of [`spent`]. A busy machine can still decide a close choice.
#[derive(Clone, Copy, Debug)]
pub struct Probe {
    pub f32: Duration,
    pub bf16: Duration,
}

impl Probe {
    /// The faster precision.
    pub fn faster(&self) -> Precision {
        if self.bf16 < self.f32 { Precision::Bf16 } else { Precision::F32 }
    }
}

/// A probe starts no further step after this time.
pub const PROBE_LIMIT: Duration = Duration::from_secs(1);

/// The faster precision for training steps on `images` pictures of `size_px`. Both are timed only if the device
/// supports bf16 natively; emulated, a step takes several times as long as in f32.
///
/// # Errors
/// If the device fails.
pub fn faster_precision(
    config: &SyncNetConfig,
    device: Device,
    images: i64,
    size_px: i64,
) -> Result<Precision, ModelError> {
    if !has_bf16(device)? {
        return Ok(Precision::F32);
    }
    Ok(probe(config, device, images, size_px)?.faster())
}

/// Times one training step on `images` pictures of `size_px` in both precisions, on a new network: one step each to
/// warm up, then three each in turn, of which the fastest counts. It ends after [`PROBE_LIMIT`], or once one takes
/// twice as long as the other.
///
/// # Errors
/// If the device fails.
pub fn probe(config: &SyncNetConfig, device: Device, images: i64, size_px: i64) -> Result<Probe, ModelError> {
    let net = SyncNet::new(config, device, Kind::Float)?;
    let mut optimiser = AdamW::new(AdamWConfig::default(), net.trainable())?;
    // Not constant, since a variance of 0 makes BatchNorm's gradients overflow.
    let shape = [images.max(2), 3, size_px, size_px];
    let pictures = Tensor::f_arange(shape.iter().product::<i64>(), (Kind::Float, device))?.f_sin()?;
    let pictures = channels_last(&pictures.f_reshape(shape)?)?;
    let mut step = |precision| -> Result<Duration, ModelError> {
        let start = spent(device);
        optimiser.zero_grad()?;
        let loss = autocast(precision, device, || {
            let features = net.features(&pictures, Mode::Train)?;
            let (sync, flip) = net.pair_logits(&features, &features)?;
            tuple_loss(&sync, &sync, &flip, &flip)
        })?;
        loss.f_backward()?;
        optimiser.step(1e-4)?;
        // Reading the value waits for the device.
        loss.f_double_value(&[])?;
        Ok(spent(device).saturating_sub(start))
    };
    let begun = Instant::now();
    let mut best = Probe { f32: step(Precision::F32)?, bf16: step(Precision::Bf16)? };
    for round in 0..3 {
        let settled = round > 0 && best.f32.max(best.bf16) > 2 * best.f32.min(best.bf16);
        if settled || begun.elapsed() > PROBE_LIMIT {
            break;
        }
        best.f32 = best.f32.min(step(Precision::F32)?);
        best.bf16 = best.bf16.min(step(Precision::Bf16)?);
    }
    tracing::info!(f32 = ?best.f32, bf16 = ?best.bf16, "time of a training step");
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::precision::processor_has_bf16;

    #[test]
    fn a_processor_without_bf16_is_not_asked_for_it() {
        if !processor_has_bf16() {
            assert!(!has_bf16(Device::Cpu).unwrap());
            let config = SyncNetConfig { width: 8, ..Default::default() };
            assert_eq!(faster_precision(&config, Device::Cpu, 4, 32).unwrap(), Precision::F32);
        }
    }
}
