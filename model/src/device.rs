//! The device and the threads that libtorch uses.

use std::sync::OnceLock;

use tch::{Cuda, Device};

use crate::shim;

static DEVICE: OnceLock<Device> = OnceLock::new();

/// Loads libtorch's CUDA library if there is one and returns the first GPU, otherwise the CPU.
///
/// Call it before anything else of libtorch: the first call (even seeding) decides for the whole process whether CUDA
/// is available. Later calls return the same device.
pub fn start() -> Device {
    start_on(0)
}

/// [`start`] on the GPU of this number, for several processes of one machine; where there are fewer GPUs, they share.
pub fn start_on(gpu: usize) -> Device {
    *DEVICE.get_or_init(|| {
        if let Err(error) = shim::load_cuda() {
            tracing::debug!(%error, "no libtorch_cuda.so: running on the CPU");
            return Device::Cpu;
        }
        if Cuda::is_available() {
            Device::Cuda(gpu % usize::try_from(Cuda::device_count()).unwrap_or(1).max(1))
        } else {
            tracing::info!("libtorch_cuda.so was found but no usable GPU: running on the CPU");
            Device::Cpu
        }
    })
}

/// Threads that libtorch uses inside one operation.
pub fn threads() -> usize {
    usize::try_from(tch::get_num_threads()).unwrap_or(1)
}

/// Sets the threads that libtorch uses inside one operation; 0 counts as 1.
pub fn set_threads(threads: usize) {
    tch::set_num_threads(i32::try_from(threads.max(1)).unwrap_or(i32::MAX));
}
