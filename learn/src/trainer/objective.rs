//! What a trainer must be told about a thing to learn.

use std::path::Path;

use model::ModelError;
use serde::{Serialize, de::DeserializeOwned};
use tch::{Device, Tensor};

use crate::LearnError;

/// A thing to learn: a network, what it looks at in each step, and how wrong it is about that. All else (the
/// optimiser, its schedule, steps, checkpoints) is the [`Trainer`](super::Trainer)'s.
pub trait Objective {
    /// What one step looks at.
    type Batch;
    /// What a step tells: its losses, in numbers.
    type Report;

    /// How it is called in errors.
    fn name(&self) -> &'static str;

    fn device(&self) -> Device;

    /// What the optimiser trains, by name.
    fn trainable(&self) -> Vec<(String, Tensor)>;

    /// What a step looks at. It must follow from the data, a seed and the number of the step alone where a resumed run
    /// is to draw as an unbroken one would. `None` while the data hold nothing to learn from.
    fn draw(&mut self, step: u64) -> Result<Option<Self::Batch>, LearnError>;

    /// How wrong the network is about a batch, computed in the trainer's precision.
    fn loss(&self, batch: &Self::Batch) -> Result<Loss<Self::Report>, ModelError>;

    /// The loss, where training cannot go on from it.
    fn diverged(&self, report: &Self::Report) -> Option<f64>;

    /// Pictures as training draws them after so many steps, over which BatchNorm's statistics are to be taken anew.
    fn recalibration(&mut self, _steps: u64) -> Result<Vec<Tensor>, LearnError> {
        Ok(Vec::new())
    }

    /// Takes BatchNorm's statistics anew over these pictures. A network without BatchNorm leaves this out.
    fn recalibrate(&self, _pictures: Vec<Tensor>) -> Result<(), ModelError> {
        Ok(())
    }
}

/// The loss of one batch.
pub struct Loss<R> {
    /// The scalar that the optimiser follows.
    pub minimised: Tensor,
    pub report: R,
}

/// An objective whose training can go on in another process.
pub trait Resumable: Objective {
    /// What its checkpoint says beside tensors, with the number of the format as the key `format`:
    /// [`model::training_file::FORMAT`].
    type Meta: Serialize + DeserializeOwned;

    /// All of the network that a checkpoint holds, by name; the optimiser's state is added to it.
    fn tensors(&self) -> Vec<(String, Tensor)>;

    fn meta(&self, steps: u64) -> Result<Self::Meta, LearnError>;

    /// The steps that a checkpoint's training has taken, if this one may go on from it. Its tensors are here already.
    /// `path` is for errors.
    fn resume(&mut self, path: &Path, meta: Self::Meta) -> Result<u64, LearnError>;
}
