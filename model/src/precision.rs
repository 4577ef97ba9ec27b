use std::time::{Duration, Instant};

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

/// A probe takes no longer than this, the step that is at work when it ends aside.
pub const PROBE_LIMIT: Duration = Duration::from_secs(1);

/// The faster precision for training steps on `images` pictures of `size_px`. Both are timed only where the device
/// computes bf16 itself: where it is emulated, a step in bf16 takes several times as long as one in f32.
///
/// # Errors
/// A device that fails.
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

/// Whether bf16 is worth a try on this device: on a processor, whether its kernels compute it with instructions of
/// their own. `ATEN_CPU_CAPABILITY` and `ONEDNN_MAX_CPU_ISA` limit the instructions, and so this.
pub fn has_bf16(device: Device) -> Result<bool, ModelError> {
    if device != Device::Cpu {
        return Ok(true);
    }
    let capability = crate::shim::cpu_capability()?;
    let limit = ["ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"].iter().find_map(|name| std::env::var(name).ok());
    Ok(processor_has_bf16() && capability.starts_with("AVX512") && limit.is_none_or(|limit| allows_bf16(&limit)))
}

#[cfg(target_arch = "x86_64")]
fn processor_has_bf16() -> bool {
    is_x86_feature_detected!("avx512bf16")
}

#[cfg(not(target_arch = "x86_64"))]
fn processor_has_bf16() -> bool {
    false
}

/// Whether oneDNN computes bf16 under this limit of its instruction sets.
fn allows_bf16(limit: &str) -> bool {
    let limit = limit.to_ascii_uppercase();
    ["DEFAULT", "ALL", "BF16", "FP16", "AMX", "AVX10"].iter().any(|part| limit.contains(part))
}

/// Times one training step on `images` pictures of `size_px` in both precisions, on a network of its own: one step
/// each to warm up, then three each in turn, of which the fastest counts. It ends after [`PROBE_LIMIT`], or when one
/// has taken twice as long as the other.
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

/// A reading of the clock by which work on this device is compared: processor time of all threads on a CPU, which
/// other work on the same cores does not change, and the time that passes on a GPU.
pub fn spent(device: Device) -> Duration {
    let clock = if device == Device::Cpu { libc::CLOCK_PROCESS_CPUTIME_ID } else { libc::CLOCK_MONOTONIC };
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a valid timespec, and both clocks exist on every Linux.
    unsafe { libc::clock_gettime(clock, &mut now) };
    Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_the_instruction_set_decide_about_bf16() {
        for limit in ["SSE41", "AVX", "AVX2", "avx2_vnni_2", "AVX512_CORE", "AVX512_CORE_VNNI"] {
            assert!(!allows_bf16(limit), "{limit}");
        }
        for limit in ["DEFAULT", "avx512_core_bf16", "AVX512_CORE_FP16", "AVX512_CORE_AMX", "AVX10_1_512"] {
            assert!(allows_bf16(limit), "{limit}");
        }
    }

    #[test]
    fn a_processor_without_bf16_is_not_asked_for_it() {
        if !processor_has_bf16() {
            assert!(!has_bf16(Device::Cpu).unwrap());
            let config = SyncNetConfig { width: 8, ..Default::default() };
            assert_eq!(faster_precision(&config, Device::Cpu, 4, 32).unwrap(), Precision::F32);
        }
    }
}
