//! Errors of graphics cards.

use thiserror::Error;

/// Why no graphics card can be used.
#[derive(Debug, Error)]
pub enum GpuError {
    #[error("this build has no GPU backend; build with --features gpu, or render with --backend cpu")]
    NotBuilt,
    #[error(
        "no graphics card with Vulkan was found; install its driver or, for trials, a software one (Debian: libvulkan1 \
         and mesa-vulkan-drivers), or render with --backend cpu"
    )]
    NoCard,
    #[error("the graphics card {name} cannot be used: {problem}; render with --backend cpu")]
    Refused { name: String, problem: String },
}
