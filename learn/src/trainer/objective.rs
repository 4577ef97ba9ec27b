//! The interface between the trainer and a training objective.

use std::path::Path;

use model::ModelError;
use serde::{Serialize, de::DeserializeOwned};
use tch::{Device, Tensor};

use crate::LearnError;

/// A training objective: a network, the batches it is trained on, and their loss. The [`Trainer`](super::Trainer) does
/// the rest: optimiser, schedule, step counter, checkpoints.
pub trait Objective {
    /// The input of one step.
    type Batch;
    /// The result of one step: its losses as numbers.
    type Report;

    /// Its name in error messages.
    fn name(&self) -> &'static str;

    fn device(&self) -> Device;

    /// The trainable parameters, by name.
    fn trainable(&self) -> Vec<(String, Tensor)>;

    /// Draws the batch of a step; `None` if there are no data to train on yet. For a resumed run to draw the same as an
    /// uninterrupted one, the batch may depend only on the data, a seed and `step`.
    fn draw(&mut self, step: u64) -> Result<Option<Self::Batch>, LearnError>;

    /// The loss of a batch. The trainer calls it under autocast.
    fn loss(&self, batch: &Self::Batch) -> Result<Loss<Self::Report>, ModelError>;

    /// The loss, if training has diverged; otherwise `None`.
    fn diverged(&self, report: &Self::Report) -> Option<f64>;

    /// Batches of pictures over which to recompute BatchNorm statistics after `steps` steps, drawn as in training.
    fn recalibration(&mut self, _steps: u64) -> Result<Vec<Tensor>, LearnError> {
        Ok(Vec::new())
    }

    /// Recomputes BatchNorm statistics over these batches. The default does nothing, for networks without BatchNorm.
    fn recalibrate(&self, _pictures: Vec<Tensor>) -> Result<(), ModelError> {
        Ok(())
    }
}

/// The loss of one batch.
pub struct Loss<R> {
    /// The scalar to minimise.
    pub minimised: Tensor,
    pub report: R,
}

/// An objective whose training can be resumed from a checkpoint.
pub trait Resumable: Objective {
    /// Metadata stored in the checkpoint. It must contain the format number, [`model::training_file::FORMAT`], under
    /// the key `format`.
    type Meta: Serialize + DeserializeOwned;

    /// All tensors of the network to save, by name. The trainer adds the optimiser's state.
    fn tensors(&self) -> Vec<(String, Tensor)>;

    /// Tensors that are saved with the network, such as copies of it. A file of a training without them has none.
    fn beside(&self) -> Vec<(String, Tensor)> {
        Vec::new()
    }

    /// The network has the values of a file without [`Self::beside`].
    ///
    /// # Errors
    /// If the device fails.
    fn begin_beside(&mut self) -> Result<(), ModelError> {
        Ok(())
    }

    fn meta(&self, steps: u64) -> Result<Self::Meta, LearnError>;

    /// Checks a checkpoint's metadata and returns its number of steps. Its tensors are loaded already. `path` is for
    /// error messages.
    ///
    /// # Errors
    /// If training cannot be resumed from this checkpoint.
    fn resume(&mut self, path: &Path, meta: Self::Meta) -> Result<u64, LearnError>;
}
