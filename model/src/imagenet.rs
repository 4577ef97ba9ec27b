//! Values of networks that were trained on ImageNet.

use std::path::Path;

use tch::Tensor;

use crate::{ModelError, backbone::Backbone, residual::ConvNorm, tensor_file};

/// Of the colours of ImageNet's pictures, from 0 to 1, as torchvision has them.
const MEAN: [f64; 3] = [0.485, 0.456, 0.406];
const DEVIATION: [f64; 3] = [0.229, 0.224, 0.225];

impl Backbone {
    /// Takes the values of a network trained on ImageNet, by torchvision's names, for pictures from −1 to 1 in place of
    /// ones normalised by ImageNet's mean and deviation: scale and offset are put into the stem. That is exact but for
    /// the rim, where the stem's padding is grey instead of ImageNet's mean, which is nearly the same.
    ///
    /// # Errors
    /// If the file cannot be read, or lacks a tensor or has one of another shape. Nothing has changed then.
    pub(crate) fn take_imagenet(&self, path: &Path) -> Result<(), ModelError> {
        tensor_file::load_foreign(path, &self.tensors(), "name the weights of the recipe's network")?;
        tch::no_grad(|| {
            let ImageNetStem { conv, mean } = ImageNetStem::of(&self.stem, MEAN, DEVIATION)?;
            self.stem.conv.shallow_clone().f_copy_(&conv)?;
            self.stem.mean.shallow_clone().f_copy_(&mean)?;
            Ok(())
        })
    }
}

/// A stem for pictures from −1 to 1.
struct ImageNetStem {
    conv: Tensor,
    mean: Tensor,
}

impl ImageNetStem {
    /// From one for pictures `(p − mean) / deviation`, with p from 0 to 1. Of pictures x = 2p − 1 that is
    /// x · scale + offset for each channel.
    fn of(stem: &ConvNorm, mean: [f64; 3], deviation: [f64; 3]) -> Result<Self, ModelError> {
        let channels = |values: [f64; 3]| -> Result<Tensor, ModelError> {
            let made = Tensor::f_from_slice(&values)?.f_to_kind(stem.conv.kind())?.f_to_device(stem.conv.device())?;
            Ok(made.f_reshape([1, 3, 1, 1])?)
        };
        let scale = channels(deviation.map(|deviation| 0.5 / deviation))?;
        let offset = channels(std::array::from_fn(|channel| (0.5 - mean[channel]) / deviation[channel]))?;
        let shift = stem.conv.f_mul(&offset)?.f_sum_dim_intlist([1, 2, 3].as_slice(), false, None)?;
        Ok(Self { conv: stem.conv.f_mul(&scale)?, mean: stem.mean.f_sub(&shift)? })
    }
}
