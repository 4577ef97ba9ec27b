//! Backends: the processor or a graphics card.

use std::fmt::{self, Display, Formatter};

use super::{Cpu, GpuError, Renderer, Set};
use crate::surface::Part;

/// A backend. Pictures of two backends are similar, but not equal.
#[derive(Clone, Debug, Default)]
pub enum Backend {
    /// The processor.
    #[default]
    Cpu,
    /// A graphics card that all renderers share.
    #[cfg(feature = "gpu")]
    Gpu(std::sync::Arc<super::Card>),
}

impl Backend {
    /// Opens the fastest graphics card, or a software one if there is no other.
    ///
    /// # Errors
    /// There is none, it cannot be opened, or this build does not support graphics cards.
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

    /// A renderer of one actor in one set, with 1 or, for 2, four samples in each pixel.
    pub fn renderer(&self, parts: &[Part], set: Set, samples_per_side: usize) -> Box<dyn Renderer> {
        match self {
            Self::Cpu => Box::new(Cpu::new(parts, set, samples_per_side)),
            #[cfg(feature = "gpu")]
            Self::Gpu(card) => Box::new(super::Gpu::new(card.clone(), parts, set, samples_per_side)),
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
