//! The ResNet that encodes pictures.

use std::ops::Range;

use recipe::{Network, is_width};
use tch::{Device, Kind, Tensor};

use crate::{
    Frozen, ModelError, Processes,
    graph::{Draft, Node},
    init::Init,
    named_tensors::{Named, copy_values},
    residual::{Block, ConvNorm, Statistics, blocks, expansion},
};

/// Stages that can be frozen in order: the stem with the first layer, then one layer each.
pub const STAGES: usize = 4;

/// A ResNet (He et al. 2016) up to its global average pooling, with torchvision's layout, names and
/// initialisation. Its features are non-negative, as averages after a ReLU.
pub struct Backbone {
    network: Network,
    width: i64,
    pub(crate) stem: ConvNorm,
    layers: Vec<Vec<Block>>,
}

impl Backbone {
    /// `width` channels after the stem (usually 64), and eight times as many features, of a ResNet-50 32 times. Widths
    /// are restricted only in f32 and bf16, which oneDNN computes.
    pub(crate) fn new(network: Network, width: i64, init: &mut Init) -> Result<Self, ModelError> {
        if width < 1 {
            return Err(ModelError::Argument(format!("a backbone's width must be positive, not {width}")));
        }
        if !is_width(width) && init.kind() != Kind::Double {
            return Err(ModelError::Argument(format!(
                "a backbone's width must be a multiple of 8, not {width}: oneDNN's AVX2 kernels write beyond \
                 their buffers in narrower ones"
            )));
        }
        let stem = ConvNorm::new(init, 3, width, 7, 2)?;
        let mut layers = Vec::with_capacity(STAGES);
        let mut input = width;
        for (stage, blocks) in blocks(network).into_iter().enumerate() {
            let of_stage = width << stage;
            let mut layer = Vec::with_capacity(blocks);
            for block in 0..blocks {
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                layer.push(Block::new(network, init, input, of_stage, stride)?);
                input = expansion(network) * of_stage;
            }
            layers.push(layer);
        }
        Ok(Self { network, width, stem, layers })
    }

    /// A copy with its own memory.
    pub(crate) fn duplicate(&self, device: Device, kind: Kind) -> Result<Self, ModelError> {
        let copy = Self::new(self.network, self.width, &mut Init::new(0, device, kind))?;
        copy_values(&self.tensors(), &copy.tensors())?;
        Ok(copy)
    }

    pub fn network(&self) -> Network {
        self.network
    }

    /// Channels after the stem.
    pub fn width(&self) -> i64 {
        self.width
    }

    /// Length of a feature vector.
    pub fn features(&self) -> i64 {
        expansion(self.network) * (self.width << (STAGES - 1))
    }

    /// `[N, 3, S, S]` to features `[N, D]`, for S of at least 32. The `frozen` part uses its running statistics and
    /// gets no gradients. Among several [`Processes`] each does its part of a batch by whose statistics the network is
    /// normalised, and all get all features.
    pub(crate) fn forward(&self, x: &Tensor, statistics: Statistics, frozen: Frozen) -> Result<Tensor, ModelError> {
        match x.size()[..] {
            [_, 3, height, width] if height >= 32 && width >= 32 => {}
            ref other => {
                return Err(ModelError::Argument(format!("pictures [N, 3, ≥32, ≥32] are needed, not {other:?}")));
            }
        }
        let frozen = self.frozen_blocks(frozen);
        let shared = Processes::joined().filter(|_| matches!(statistics, Statistics::Batch { .. }));
        let own = shared.map(|processes| processes.part(x)).transpose()?;
        let x = own.as_ref().unwrap_or(x);
        let mut x = if frozen == 0 {
            self.stemmed(x, statistics)?
        } else {
            tch::no_grad(|| self.through(self.stemmed(x, Statistics::Running)?, Statistics::Running, 0..frozen))?
        };
        x = self.through(x, statistics, frozen..usize::MAX)?;
        let features = x.f_mean_dim([2, 3].as_slice(), false, None)?;
        shared.map_or(Ok(features.shallow_clone()), |processes| processes.gather(&features))
    }

    fn frozen_blocks(&self, frozen: Frozen) -> usize {
        frozen.blocks(self.layers.iter().map(Vec::len))
    }

    fn stemmed(&self, x: &Tensor, statistics: Statistics) -> Result<Tensor, ModelError> {
        Ok(self.stem.forward(x, statistics)?.f_relu_()?.f_max_pool2d(3, 2, 1, 1, false)?)
    }

    /// Through these of all blocks.
    fn through(&self, mut x: Tensor, statistics: Statistics, range: Range<usize>) -> Result<Tensor, ModelError> {
        let blocks = self.layers.iter().flatten();
        for block in blocks.skip(range.start).take(range.len()) {
            x = block.forward(&x, statistics)?;
        }
        Ok(x)
    }

    /// [`Self::forward`] with the running statistics, as a graph.
    pub(crate) fn draft(&self, draft: &mut Draft, x: Node) -> Result<Node, ModelError> {
        const POOL: &str =
            r#"strides="2,2" pads_begin="1,1" pads_end="1,1" kernel="3,3" rounding_type="floor" auto_pad="explicit""#;
        let x = self.stem.draft(draft, x)?;
        let x = draft.relu(x);
        let mut x = draft.layer("MaxPool", POOL, &[x]);
        for block in self.layers.iter().flatten() {
            x = block.draft(draft, x)?;
        }
        let axes = draft.axes(&[2, 3])?;
        Ok(draft.layer("ReduceMean", r#"keep_dims="false""#, &[x, axes]))
    }

    fn visit(&self, frozen: Frozen, mut visit: impl FnMut(&ConvNorm, &str, &str)) {
        let frozen = self.frozen_blocks(frozen);
        if frozen == 0 {
            visit(&self.stem, "conv1", "bn1");
        }
        let stages = (1..).zip(&self.layers);
        let blocks = stages.flat_map(|(stage, blocks)| (0..).zip(blocks).map(move |(at, block)| (stage, at, block)));
        for (stage, index, block) in blocks.skip(frozen) {
            block.visit(&format!("layer{stage}.{index}"), &mut visit);
        }
    }

    /// The parameters after the `frozen` part, by torchvision's names.
    pub(crate) fn trainable(&self, frozen: Frozen) -> Named {
        let mut named = Named::new();
        self.visit(frozen, |part, conv, norm| part.parameters(conv, norm, &mut named));
        named
    }

    /// Parameters and running statistics, by torchvision's names.
    pub(crate) fn tensors(&self) -> Named {
        let mut named = Named::new();
        self.visit(Frozen::Nothing, |part, conv, norm| {
            part.parameters(conv, norm, &mut named);
            part.buffers(norm, &mut named);
        });
        named
    }

    /// Resets running statistics to mean 0 and variance 1, except those of the `frozen` part.
    pub(crate) fn reset_statistics(&self, frozen: Frozen) -> Result<(), ModelError> {
        let mut result = Ok(());
        self.visit(frozen, |part, _, _| {
            let reset = || -> Result<(), ModelError> {
                let _ = part.mean.shallow_clone().f_zero_()?;
                let _ = part.var.shallow_clone().f_fill_(1.0)?;
                Ok(())
            };
            if result.is_ok() {
                result = reset();
            }
        });
        result
    }
}
