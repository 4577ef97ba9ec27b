//! Precisions of arithmetic: switching to one, and whether the device supports bf16.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tch::Device;

use crate::{ModelError, shim::AutocastGuard};

/// The precision of convolutions and matrix products. Parameters, statistics and losses are always f32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    F32,
    Bf16,
}

/// Runs `f` with this precision on this device and thread, and restores the earlier one even if `f` panics. Run the
/// forward pass and the loss inside, the backward pass outside.
pub fn autocast<T>(
    precision: Precision,
    device: Device,
    f: impl FnOnce() -> Result<T, ModelError>,
) -> Result<T, ModelError> {
    let _guard = AutocastGuard::new(device, precision == Precision::Bf16)?;
    f()
}

/// Whether the device supports bf16 natively: GPUs do, CPUs if the kernels have instructions for it.
/// `ATEN_CPU_CAPABILITY` and `ONEDNN_MAX_CPU_ISA` may disable these.
pub fn has_bf16(device: Device) -> Result<bool, ModelError> {
    if device != Device::Cpu {
        return Ok(true);
    }
    let capability = crate::shim::cpu_capability()?;
    let limit = ["ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"].iter().find_map(|name| std::env::var(name).ok());
    Ok(processor_has_bf16() && capability.starts_with("AVX512") && limit.is_none_or(|limit| allows_bf16(&limit)))
}

#[cfg(target_arch = "x86_64")]
pub(crate) fn processor_has_bf16() -> bool {
    is_x86_feature_detected!("avx512bf16")
}

#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn processor_has_bf16() -> bool {
    false
}

/// Whether oneDNN computes bf16 under this limit of its instruction sets.
fn allows_bf16(limit: &str) -> bool {
    let limit = limit.to_ascii_uppercase();
    ["DEFAULT", "ALL", "BF16", "FP16", "AMX", "AVX10"].iter().any(|part| limit.contains(part))
}

/// The clock for timing work on this device: on a CPU the processor time of all threads, which other work on the same
/// cores does not change, on a GPU real time.
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
}
