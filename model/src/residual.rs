//! The residual blocks of encoders.

use recipe::Network;
use tch::Tensor;

use crate::{
    ModelError, Processes,
    graph::{Draft, Node},
    init::Init,
    named_tensors::Named,
};

const EPS: f64 = 1e-5;
const MOMENTUM: f64 = 0.1;

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

pub(crate) struct ConvNorm {
    pub conv: Tensor,
    stride: i64,
    padding: i64,
    weight: Tensor,
    bias: Tensor,
    pub mean: Tensor,
    pub var: Tensor,
}

impl ConvNorm {
    pub fn new(init: &mut Init, input: i64, out: i64, k: i64, stride: i64) -> Result<Self, ModelError> {
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

    pub fn forward(&self, x: &Tensor, statistics: Statistics) -> Result<Tensor, ModelError> {
        let (training, momentum) = match statistics {
            Statistics::Running => (false, MOMENTUM),
            Statistics::Batch { momentum } => (true, momentum),
        };
        let x = x.f_conv2d(&self.conv, None::<&Tensor>, self.stride, self.padding, 1, 1)?;
        if let (true, Some(processes)) = (training, Processes::joined()) {
            let (affine, running) = ([&self.weight, &self.bias], [&self.mean, &self.var]);
            return processes.batch_norm(&x, affine, running, momentum, EPS);
        }
        let (weight, bias) = (Some(&self.weight), Some(&self.bias));
        Ok(x.f_batch_norm(weight, bias, Some(&self.mean), Some(&self.var), training, momentum, EPS, true)?)
    }

    /// With the running statistics folded into the convolution.
    pub fn draft(&self, draft: &mut Draft, x: Node) -> Result<Node, ModelError> {
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

    pub fn parameters(&self, conv: &str, norm: &str, into: &mut Named) {
        into.push((format!("{conv}.weight"), self.conv.shallow_clone()));
        into.push((format!("{norm}.weight"), self.weight.shallow_clone()));
        into.push((format!("{norm}.bias"), self.bias.shallow_clone()));
    }

    pub fn buffers(&self, norm: &str, into: &mut Named) {
        into.push((format!("{norm}.running_mean"), self.mean.shallow_clone()));
        into.push((format!("{norm}.running_var"), self.var.shallow_clone()));
    }
}

/// How many times its width a block of a stage gives out.
pub(crate) fn expansion(network: Network) -> i64 {
    match network {
        Network::ResNet18 => 1,
        Network::ResNet50 => 4,
    }
}

/// Blocks of each stage.
pub(crate) fn blocks(network: Network) -> [usize; 4] {
    match network {
        Network::ResNet18 => [2, 2, 2, 2],
        Network::ResNet50 => [3, 4, 6, 3],
    }
}

/// Convolutions beside a shortcut (He et al. 2016): two of 3×3, or 1×1, 3×3, 1×1 in a bottleneck, whose stride the 3×3
/// one has, as in torchvision.
pub(crate) struct Block {
    convs: Vec<ConvNorm>,
    shortcut: Option<ConvNorm>,
}

impl Block {
    pub fn new(network: Network, init: &mut Init, input: i64, width: i64, stride: i64) -> Result<Self, ModelError> {
        let out = expansion(network) * width;
        let convs = match network {
            Network::ResNet18 => {
                vec![ConvNorm::new(init, input, out, 3, stride)?, ConvNorm::new(init, out, out, 3, 1)?]
            }
            Network::ResNet50 => vec![
                ConvNorm::new(init, input, width, 1, 1)?,
                ConvNorm::new(init, width, width, 3, stride)?,
                ConvNorm::new(init, width, out, 1, 1)?,
            ],
        };
        let shortcut = (stride != 1 || input != out).then(|| ConvNorm::new(init, input, out, 1, stride)).transpose()?;
        Ok(Self { convs, shortcut })
    }

    pub fn forward(&self, x: &Tensor, statistics: Statistics) -> Result<Tensor, ModelError> {
        let mut y = x.shallow_clone();
        for (index, conv) in self.convs.iter().enumerate() {
            y = conv.forward(&y, statistics)?;
            if index + 1 < self.convs.len() {
                y = y.f_relu_()?;
            }
        }
        // In place: at 224² a new tensor costs more in page faults than in arithmetic.
        let mut sum = match &self.shortcut {
            Some(shortcut) => y.f_add_(&shortcut.forward(x, statistics)?)?,
            None => y.f_add_(x)?,
        };
        Ok(sum.f_relu_()?)
    }

    pub fn draft(&self, draft: &mut Draft, x: Node) -> Result<Node, ModelError> {
        let mut y = x;
        for (index, conv) in self.convs.iter().enumerate() {
            y = conv.draft(draft, y)?;
            if index + 1 < self.convs.len() {
                y = draft.relu(y);
            }
        }
        let beside = match &self.shortcut {
            Some(shortcut) => shortcut.draft(draft, x)?,
            None => x,
        };
        let sum = draft.sum(y, beside);
        Ok(draft.relu(sum))
    }

    pub fn visit(&self, prefix: &str, visit: &mut dyn FnMut(&ConvNorm, &str, &str)) {
        for (number, conv) in (1..).zip(&self.convs) {
            visit(conv, &format!("{prefix}.conv{number}"), &format!("{prefix}.bn{number}"));
        }
        if let Some(shortcut) = &self.shortcut {
            visit(shortcut, &format!("{prefix}.downsample.0"), &format!("{prefix}.downsample.1"));
        }
    }
}
