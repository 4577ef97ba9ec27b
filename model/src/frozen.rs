//! Which part of an encoder does not learn.

use crate::backbone::STAGES;

/// The part of an encoder that does not learn, in the order of its layers. It uses its running BatchNorm statistics and
/// gets no gradients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Frozen {
    /// Every layer learns.
    #[default]
    Nothing,
    /// The stem and so many of the [`STAGES`] stages; 0 is nothing, and more than there are is the whole encoder.
    Stages(usize),
    /// The stem and so many residual blocks; 0 is nothing, and more than there are is the whole encoder.
    Blocks(usize),
}

impl Frozen {
    /// The whole encoder.
    pub const ENCODER: Self = Self::Stages(STAGES);

    /// Number of frozen blocks of an encoder with so many blocks in each stage. From 1 on the stem is frozen, too.
    pub(crate) fn blocks(self, stages: impl Iterator<Item = usize>) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Stages(frozen) => stages.take(frozen).sum(),
            Self::Blocks(frozen) => frozen.min(stages.sum()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_counted_in_blocks() {
        let blocks = |frozen: Frozen| frozen.blocks([3, 4, 6, 3].into_iter());
        assert_eq!((blocks(Frozen::Nothing), blocks(Frozen::Stages(0)), blocks(Frozen::Blocks(0))), (0, 0, 0));
        assert_eq!((blocks(Frozen::Stages(2)), blocks(Frozen::Blocks(3))), (7, 3));
        assert_eq!((blocks(Frozen::ENCODER), blocks(Frozen::Stages(9)), blocks(Frozen::Blocks(99))), (16, 16, 16));
    }
}
