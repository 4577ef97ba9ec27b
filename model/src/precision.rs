use std::time::Duration;

use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use crate::{
    AdamW, AdamWConfig, Mode, ModelError, SyncNet, SyncNetConfig, channels_last, shim::AutocastGuard, tuple_loss,
};

/// What convolutions and products compute in. Parameters, statistics and losses stay f32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    F32,
    Bf16,
}

/// Runs `f` with this precision on this device and thread. Whatever `f` does, panics included, the precision is
/// afterwards as it was. Run the forward pass and the loss inside, the backward pass outside.
pub fn autocast<T>(
    precision: Precision,
    device: Device,
    f: impl FnOnce() -> Result<T, ModelError>,
) -> Result<T, ModelError> {
    let _guard = AutocastGuard::new(device, precision == Precision::Bf16)?;
    f()
}

/// What [`probe`] measured.
#[derive(Clone, Copy, Debug)]
pub struct Probe {
    /// Least time of one training step: on a CPU the processor time of all threads, which other work on the same cores
    /// changes less than the time that passed (yet a busy machine can still tip a close choice), on a GPU the time
    /// that passed.
    pub f32: Duration,
    pub bf16: Duration,
}

impl Probe {
    pub fn faster(&self) -> Precision {
        if self.bf16 < self.f32 { Precision::Bf16 } else { Precision::F32 }
    }
}

/// Times one training step on `images` pictures of `size_px` in both precisions, on a network of its own: one step
/// each to warm up, then three each in turn, of which the fastest counts.
pub fn probe(config: &SyncNetConfig, device: Device, images: i64, size_px: i64) -> Result<Probe, ModelError> {
    let net = SyncNet::new(config, device, Kind::Float)?;
    let mut optimiser = AdamW::new(AdamWConfig::default(), net.trainable())?;
    // Values of any kind but constant ones, whose variance of 0 makes BatchNorm's gradients overflow.
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
    step(Precision::F32)?;
    step(Precision::Bf16)?;
    let mut best = Probe { f32: Duration::MAX, bf16: Duration::MAX };
    for _ in 0..3 {
        best.f32 = best.f32.min(step(Precision::F32)?);
        best.bf16 = best.bf16.min(step(Precision::Bf16)?);
    }
    tracing::info!(f32 = ?best.f32, bf16 = ?best.bf16, "time of a training step");
    Ok(best)
}

/// A reading of the clock by which work on this device is compared: processor time of all threads on a CPU, which
/// other work on the same cores does not change, and the time that passes on a GPU.
pub fn spent(device: Device) -> Duration {
    let clock = if device == Device::Cpu { libc::CLOCK_PROCESS_CPUTIME_ID } else { libc::CLOCK_MONOTONIC };
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a valid timespec, and both clocks exist on every Linux.
    unsafe { libc::clock_gettime(clock, &mut now) };
    Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs() as u32)
}
