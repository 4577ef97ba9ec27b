//! What a learner writes and reads: checkpoints, and what is kept to learn from.

use std::path::Path;

use model::checkpoint;
use recipe::{Normalisation, PretrainRecipe};

use super::Learner;
use crate::LearnError;
use crate::data::memory;
use crate::error::during;
use crate::objectives::pretraining::check_checkpoint;
use crate::trainer::Resumable;

impl Learner {
    /// Whether the recipe's buffer fits into this machine's memory.
    ///
    /// # Errors
    /// If it does not.
    pub fn check_memory(recipe: &PretrainRecipe) -> Result<(), LearnError> {
        memory::check(&recipe.buffer, memory::of_machine())
    }

    /// Checks by its metadata whether [`Self::resume`] can use a checkpoint.
    ///
    /// # Errors
    /// If it cannot: the file is damaged or from another recipe. The message says what to do.
    pub fn check_checkpoint(recipe: &PretrainRecipe, path: &Path) -> Result<(), LearnError> {
        check_checkpoint(recipe, path)
    }

    /// Writes a checkpoint for [`Self::resume`] atomically, and returns the version of the encoder that others get. Where
    /// that is the network as it is trained, its BatchNorm statistics are recomputed first.
    pub fn save(&mut self, path: &Path) -> Result<String, LearnError> {
        let trained_is_served = self.trainer.objective().copies.is_none();
        if trained_is_served && self.recipe().normalisation == Normalisation::Batch {
            self.trainer.recalibrate()?;
        }
        self.trainer.save(path)?;
        let preprocessing = self.source().preprocessing_hash();
        self.served().encoder_version(&preprocessing).map_err(during("hashing the encoder"))
    }

    /// Begins with the network of another training's checkpoint, before the first step: the copy that others get of it.
    ///
    /// # Errors
    /// If the file is no checkpoint, or its network has another shape than the recipe's.
    pub fn begin_with(&mut self, path: &Path) -> Result<(), LearnError> {
        let (net, _) =
            checkpoint::open(path, self.net().device()).map_err(during("reading the network to begin with"))?;
        let (theirs, ours) = (net.config(), self.net().config());
        if (theirs.network, theirs.width, theirs.fusion) != (ours.network, ours.width, ours.fusion) {
            let problem = format!(
                "its network is {:?} of width {} with the fusion {:?}, the recipe's {:?} of width {} with {:?}",
                theirs.network, theirs.width, theirs.fusion, ours.network, ours.width, ours.fusion
            );
            return Err(LearnError::Checkpoint { path: path.to_owned(), problem });
        }
        let objective = self.trainer.objective_mut();
        let taken = objective.net.take_values(&net).and_then(|()| objective.begin_beside());
        taken.map_err(during("copying the network to begin with"))
    }

    /// Writes what is kept to learn from atomically. `rig` has the names of the cameras.
    ///
    /// # Errors
    /// If the file cannot be written; an earlier one stays.
    pub fn save_buffer(&self, path: &Path, rig: &[String]) -> Result<(), LearnError> {
        self.source().moments.write(path, rig)
    }

    /// Goes on with what a file written by [`Self::save_buffer`] kept.
    ///
    /// # Errors
    /// If it is damaged, or of another rig, other crops or another rule of keeping. The message says which; the learner
    /// is as before.
    pub fn take_up_buffer(&mut self, path: &Path, rig: &[String]) -> Result<(), LearnError> {
        let objective = self.trainer.objective_mut();
        objective.source.moments.take_up(path, rig, objective.task.wants().index)
    }

    /// Goes back to the weights and the optimiser state of a checkpoint after [`LearnError::Diverged`], and keeps the
    /// moments. Steps count on.
    ///
    /// # Errors
    /// If the checkpoint cannot be read or is of another network. Nothing has changed then.
    pub fn roll_back(&mut self, path: &Path) -> Result<(), LearnError> {
        self.trainer.roll_back(path)?;
        self.rolled_back += 1;
        Ok(())
    }
}
