//! Lists of tensors by name.

use tch::Tensor;

use crate::ModelError;

/// All tensors of a network by name, in a fixed order.
pub(crate) type Named = Vec<(String, Tensor)>;

/// Copies values between two lists with the same names, across devices, kinds and memory formats.
pub(crate) fn copy_values(from: &Named, to: &Named) -> Result<(), ModelError> {
    tch::no_grad(|| {
        for ((_, source), (_, target)) in from.iter().zip(to) {
            target.shallow_clone().f_copy_(source)?;
        }
        Ok(())
    })
}
