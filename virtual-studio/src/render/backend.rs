use std::fmt::{self, Display, Formatter};

use thiserror::Error;

use super::{Cpu, CpuOptions, Renderer, Set};
use crate::surface::Part;

/// What renders. Pictures of two backends are alike, not equal.
#[derive(Clone, Debug, Default)]
pub enum Backend {
    /// The processor.
    #[default]
    Cpu,
    /// A graphics card that all renderers share.
    #[cfg(feature = "gpu")]
    Gpu(std::sync::Arc<super::Card>),
}

/// Why there is no graphics card to render on.
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

impl Backend {
    /// Opens the fastest graphics card; a software one where there is no other.
    ///
    /// # Errors
    /// There is none, or it cannot be opened, or this build knows nothing of graphics cards.
    pub fn gpu() -> Result<Self, GpuError> {
        #[cfg(feature = "gpu")]
        return super::Card::open().map(Self::Gpu);
        #[cfg(not(feature = "gpu"))]
        Err(GpuError::NotBuilt)
    }

    /// One word, the same for all cards.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            #[cfg(feature = "gpu")]
            Self::Gpu(_) => "gpu",
        }
    }

    /// A renderer of one actor in one set. Threads are the processor's alone.
    pub fn renderer(&self, parts: &[Part], set: Set, options: CpuOptions) -> Box<dyn Renderer> {
        match self {
            Self::Cpu => Box::new(Cpu::new(parts, set, options)),
            #[cfg(feature = "gpu")]
            Self::Gpu(card) => Box::new(super::Gpu::new(card.clone(), parts, set, options)),
        }
    }
}

impl Display for Backend {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("the processor"),
            #[cfg(feature = "gpu")]
            Self::Gpu(card) => f.write_str(card.name()),
        }
    }
}

#[cfg(all(test, not(feature = "gpu")))]
mod tests {
    use super::*;

    #[test]
    fn a_build_without_cards_says_how_to_get_them() {
        assert!(Backend::gpu().unwrap_err().to_string().contains("build with --features gpu"));
    }
}
