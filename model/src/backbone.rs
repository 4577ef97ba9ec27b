//! The ResNet that encodes pictures.

use std::ops::Range;

use recipe::is_width;
use tch::{Device, Kind, Tensor};

use crate::{
    Frozen, ModelError,
    graph::{Draft, Node},
    init::Init,
    named_tensors::{Named, copy_values},
};

const EPS: f64 = 1e-5;
const MOMENTUM: f64 = 0.1;

/// Stages that can be frozen in order: the stem with the first layer, then one layer each.
pub const STAGES: usize = 4;

/// Where BatchNorm takes its statistics from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Statistics {
    /// The running ones.
    Running,
    /// The batch's, which also update the running ones with this momentum.
    Batch { momentum: f64 },
}

impl Statistics {
    pub(crate) const TRAIN: Self = Self::Batch { momentum: MOMENTUM };
}

struct ConvNorm {
    conv: Tensor,
    stride: i64,
    padding: i64,
    weight: Tensor,
    bias: Tensor,
    mean: Tensor,
    var: Tensor,
}

impl ConvNorm {
    fn new(init: &mut Init, input: i64, out: i64, k: i64, stride: i64) -> Result<Self, ModelError> {
        Ok(Self {
            conv: init.conv(out, input, k)?,
            stride,
            padding: k / 2,
            weight: init.constant(1.0, out, true)?,
            bias: init.constant(0.0, out, true)?,
            mean: init.constant(0.0, out, false)?,
            var: init.constant(1.0, out, false)?,
        })
    }

    fn forward(&self, x: &Tensor, statistics: Statistics) -> Result<Tensor, ModelError> {
        let (training, momentum) = match statistics {
            Statistics::Running => (false, MOMENTUM),
            Statistics::Batch { momentum } => (true, momentum),
        };
        let x = x.f_conv2d(&self.conv, None::<&Tensor>, self.stride, self.padding, 1, 1)?;
        let (weight, bias) = (Some(&self.weight), Some(&self.bias));
        Ok(x.f_batch_norm(weight, bias, Some(&self.mean), Some(&self.var), training, momentum, EPS, true)?)
    }

    /// With the running statistics folded into the convolution.
    fn draft(&self, draft: &mut Draft, x: Node) -> Result<Node, ModelError> {
        let scale = self.weight.f_div(&self.var.f_add_scalar(EPS)?.f_sqrt()?)?;
        let each = [1, -1, 1, 1].as_slice();
        let values = draft.constant(&self.conv.f_mul(&scale.f_reshape([-1, 1, 1, 1])?)?)?;
        let bias = draft.constant(&self.bias.f_sub(&self.mean.f_mul(&scale)?)?.f_reshape(each)?)?;
        let (s, p) = (self.stride, self.padding);
        let data =
            format!(r#"strides="{s},{s}" dilations="1,1" pads_begin="{p},{p}" pads_end="{p},{p}" auto_pad="explicit""#);
        let x = draft.layer("Convolution", &data, &[x, values]);
        Ok(draft.sum(x, bias))
    }

    fn parameters(&self, conv: &str, norm: &str, into: &mut Named) {
        into.push((format!("{conv}.weight"), self.conv.shallow_clone()));
        into.push((format!("{norm}.weight"), self.weight.shallow_clone()));
        into.push((format!("{norm}.bias"), self.bias.shallow_clone()));
    }

    fn buffers(&self, norm: &str, into: &mut Named) {
        into.push((format!("{norm}.running_mean"), self.mean.shallow_clone()));
        into.push((format!("{norm}.running_var"), self.var.shallow_clone()));
    }
}

/// Two 3×3 convolutions beside a shortcut: the basic block of He et al. 2016.
struct Block {
    first: ConvNorm,
    second: ConvNorm,
    shortcut: Option<ConvNorm>,
}

impl Block {
    fn new(init: &mut Init, input: i64, out: i64, stride: i64) -> Result<Self, ModelError> {
        Ok(Self {
            first: ConvNorm::new(init, input, out, 3, stride)?,
            second: ConvNorm::new(init, out, out, 3, 1)?,
            shortcut: (stride != 1 || input != out).then(|| ConvNorm::new(init, input, out, 1, stride)).transpose()?,
        })
    }

    fn forward(&self, x: &Tensor, statistics: Statistics) -> Result<Tensor, ModelError> {
        let y = self.first.forward(x, statistics)?.f_relu_()?;
        let mut y = self.second.forward(&y, statistics)?;
        // In place: at 224² a new tensor costs more in page faults than in arithmetic.
        let mut sum = match &self.shortcut {
            Some(shortcut) => y.f_add_(&shortcut.forward(x, statistics)?)?,
            None => y.f_add_(x)?,
        };
        Ok(sum.f_relu_()?)
    }

    fn draft(&self, draft: &mut Draft, x: Node) -> Result<Node, ModelError> {
        let y = self.first.draft(draft, x)?;
        let y = draft.relu(y);
        let y = self.second.draft(draft, y)?;
        let beside = match &self.shortcut {
            Some(shortcut) => shortcut.draft(draft, x)?,
            None => x,
        };
        let sum = draft.sum(y, beside);
        Ok(draft.relu(sum))
    }

    fn visit(&self, prefix: &str, visit: &mut dyn FnMut(&ConvNorm, &str, &str)) {
        visit(&self.first, &format!("{prefix}.conv1"), &format!("{prefix}.bn1"));
        visit(&self.second, &format!("{prefix}.conv2"), &format!("{prefix}.bn2"));
        if let Some(shortcut) = &self.shortcut {
            visit(shortcut, &format!("{prefix}.downsample.0"), &format!("{prefix}.downsample.1"));
        }
    }
}

/// ResNet-18 (He et al. 2016) up to its global average pooling, with torchvision's layout, names and
/// initialisation. Its features are non-negative, as averages after a ReLU.
pub struct Backbone {
    width: i64,
    stem: ConvNorm,
    layers: Vec<Vec<Block>>,
}

impl Backbone {
    /// `width` channels after the stem (64 is ResNet-18), and eight times as many features. Widths are restricted only
    /// in f32 and bf16, which oneDNN computes.
    pub(crate) fn new(width: i64, init: &mut Init) -> Result<Self, ModelError> {
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
        for stage in 0..STAGES {
            let out = width << stage;
            let first = Block::new(init, input, out, if stage == 0 { 1 } else { 2 })?;
            layers.push(vec![first, Block::new(init, out, out, 1)?]);
            input = out;
        }
        Ok(Self { width, stem, layers })
    }

    /// A copy with its own memory.
    pub(crate) fn duplicate(&self, device: Device, kind: Kind) -> Result<Self, ModelError> {
        let copy = Self::new(self.width, &mut Init::new(0, device, kind))?;
        copy_values(&self.tensors(), &copy.tensors())?;
        Ok(copy)
    }

    /// Channels after the stem.
    pub fn width(&self) -> i64 {
        self.width
    }

    /// Length of a feature vector.
    pub fn features(&self) -> i64 {
        self.width << (STAGES - 1)
    }

    /// `[N, 3, S, S]` to features `[N, D]`, for S of at least 32. The `frozen` part uses its running statistics and gets
    /// no gradients.
    pub(crate) fn forward(&self, x: &Tensor, statistics: Statistics, frozen: Frozen) -> Result<Tensor, ModelError> {
        match x.size()[..] {
            [_, 3, height, width] if height >= 32 && width >= 32 => {}
            ref other => {
                return Err(ModelError::Argument(format!("pictures [N, 3, ≥32, ≥32] are needed, not {other:?}")));
            }
        }
        let frozen = self.frozen_blocks(frozen);
        let mut x = if frozen == 0 {
            self.stemmed(x, statistics)?
        } else {
            tch::no_grad(|| self.through(self.stemmed(x, Statistics::Running)?, Statistics::Running, 0..frozen))?
        };
        x = self.through(x, statistics, frozen..usize::MAX)?;
        Ok(x.f_mean_dim([2, 3].as_slice(), false, None)?)
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
