//! The heads of a pose model for joints in the crop and for confidence, and the losses of all its outputs.

use tch::Tensor;

use crate::{JOINTS, ModelError, init::Init, named_tensors::Named};

/// A joint counts as correct if its 3D error is below this.
pub const CONFIDENT_MM: f64 = 100.0;

/// The scale of the plane head's output: the usual distance of joints from the crop's middle, in parts of its side.
const PLANE_SPREAD: f64 = 0.25;

/// Linear heads for the joints in the crop's plane and for the confidence.
pub(crate) struct Heads {
    plane_weight: Tensor,
    plane_bias: Tensor,
    confidence_weight: Tensor,
    confidence_bias: Tensor,
}

impl Heads {
    pub(crate) fn new(init: &mut Init, features: i64) -> Result<Self, ModelError> {
        let joints = JOINTS as i64;
        Ok(Self {
            plane_weight: init.linear(&[2 * joints, features], features)?,
            plane_bias: init.constant(0.0, 2 * joints, true)?,
            confidence_weight: init.linear(&[joints, features], features)?,
            confidence_bias: init.constant(0.0, joints, true)?,
        })
    }

    /// Features `[N, D]` to joints in the crop's plane `[N, 17, 2]`, in fractions of its side from its upper left
    /// corner.
    pub(crate) fn plane(&self, features: &Tensor) -> Result<Tensor, ModelError> {
        let raw = features.f_linear(&self.plane_weight, Some(&self.plane_bias))?;
        Ok(raw.f_mul_scalar(PLANE_SPREAD)?.f_add_scalar(0.5)?.f_reshape([-1, JOINTS as i64, 2])?)
    }

    /// Features `[N, D]` to logits `[N, 17]`. The features get no gradient, so that confidence does not affect them.
    pub(crate) fn confidence(&self, features: &Tensor) -> Result<Tensor, ModelError> {
        Ok(features.f_detach()?.f_linear(&self.confidence_weight, Some(&self.confidence_bias))?)
    }

    /// Weight `[51, D]` and bias `[51]` of both: the joints in the crop's plane, then the logits.
    pub(crate) fn folded(&self) -> Result<(Tensor, Tensor), ModelError> {
        let weights = [self.plane_weight.f_mul_scalar(PLANE_SPREAD)?, self.confidence_weight.shallow_clone()];
        let plane_bias = self.plane_bias.f_mul_scalar(PLANE_SPREAD)?.f_add_scalar(0.5)?;
        let biases = [plane_bias, self.confidence_bias.shallow_clone()];
        Ok((Tensor::f_cat(&weights, 0)?, Tensor::f_cat(&biases, 0)?))
    }

    pub(crate) fn named(&self, into: &mut Named) {
        let own = [
            ("plane_head.weight", &self.plane_weight),
            ("plane_head.bias", &self.plane_bias),
            ("confidence_head.weight", &self.confidence_weight),
            ("confidence_head.bias", &self.confidence_bias),
        ];
        into.extend(own.map(|(name, tensor)| (name.to_owned(), tensor.shallow_clone())));
    }
}

/// Distances of joints `[N, 17, d]`: `[N, 17]`. Its gradient is finite where they meet.
pub fn joint_distances(predicted: &Tensor, truth: &Tensor) -> Result<Tensor, ModelError> {
    let squared = predicted.f_sub(truth)?.f_square()?.f_sum_dim_intlist([-1].as_slice(), false, None)?;
    Ok(squared.f_add_scalar(1e-6)?.f_sqrt()?)
}

/// Mean distance of the 16 joints other than the root, in units of 100 mm: the metric itself (MPJPE), which is less
/// sensitive to outliers than a squared error. Both `[N, 17, 3]` in mm, the roots at 0.
pub fn distance_loss(predicted_mm: &Tensor, truth_mm: &Tensor) -> Result<Tensor, ModelError> {
    let distances = joint_distances(predicted_mm, truth_mm)?;
    Ok(distances.f_narrow(1, 1, JOINTS as i64 - 1)?.f_mean(None)?.f_mul_scalar(0.01)?)
}

/// Mean distance in the crop's plane, in sides of the crop, over the joints that lie in the crop. Both `[N, 17, 2]`.
pub fn plane_loss(predicted: &Tensor, truth: &Tensor) -> Result<Tensor, ModelError> {
    let inside = truth.f_ge(0.0)?.f_logical_and(&truth.f_le(1.0)?)?.f_all_dim(-1, false)?;
    let inside = inside.f_to_kind(predicted.f_kind()?)?;
    let sum = joint_distances(predicted, truth)?.f_mul(&inside)?.f_sum(None)?;
    Ok(sum.f_div(&inside.f_sum(None)?.f_clamp_min(1.0)?)?)
}

/// Cross-entropy of logits `[N, 17]` against whether each joint's 3D error, `[N, 17]` in mm and without gradient, is
/// below [`CONFIDENT_MM`].
pub fn confidence_loss(logits: &Tensor, error_mm: &Tensor) -> Result<Tensor, ModelError> {
    let right = error_mm.f_detach()?.f_lt(CONFIDENT_MM)?.f_to_kind(logits.f_kind()?)?;
    // −[y log σ(x) + (1 − y) log(1 − σ(x))] = (1 − y) x − log σ(x).
    Ok(right.f_rsub_scalar(1)?.f_mul(logits)?.f_sub(&logits.f_log_sigmoid()?)?.f_mean(None)?)
}
