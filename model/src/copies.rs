//! Copies of a network.

use crate::{ModelError, SyncNet, named_tensors::copy_values};

impl SyncNet {
    /// A copy with its own memory.
    pub fn duplicate(&self) -> Result<Self, ModelError> {
        let copy = Self::new(self.config(), self.device(), self.kind())?;
        copy.take_values(self)?;
        Ok(copy)
    }

    /// Takes the values of a network of the same shape, running statistics among them.
    pub fn take_values(&self, other: &Self) -> Result<(), ModelError> {
        copy_values(&other.tensors(), &self.tensors())
    }

    /// Moves all values by this part of the way, from 0 to 1, to those of a network of the same shape.
    pub fn approach(&self, other: &Self, part: f64) -> Result<(), ModelError> {
        tch::no_grad(|| {
            for ((_, value), (_, goal)) in self.tensors().into_iter().zip(other.tensors()) {
                let _ = value.shallow_clone().f_lerp_(&goal, part)?;
            }
            Ok(())
        })
    }
}
