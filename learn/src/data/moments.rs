//! The live moments of a run: those to learn from, and those to measure on.

use frame_sync::pairs::Side;
use recipe::PretrainRecipe;
use transport::Moment;

use super::store::Store;
use crate::LearnError;

/// Held-out instants get this share of the buffer's bytes on top.
const HELD_OUT_SHARE: u64 = 4;

pub(crate) struct Moments {
    pub recipe: PretrainRecipe,
    pub trained: Store,
    pub held_out: Store,
    /// Hash of the preprocessing of all of them.
    pub preprocessing: Option<u64>,
}

impl Moments {
    pub fn new(recipe: PretrainRecipe) -> Self {
        let buffer = recipe.buffer;
        Self {
            trained: Store::new(buffer.bytes, buffer.moments),
            held_out: Store::new(buffer.bytes / HELD_OUT_SHARE, buffer.moments),
            recipe,
            preprocessing: None,
        }
    }

    /// Takes a moment to learn from, to measure on, or neither (a guard between the two). The samples of this index are
    /// what a network will see.
    pub fn push(&mut self, moment: Moment, sample: usize) -> Result<(), LearnError> {
        let known = *self.preprocessing.get_or_insert(moment.preprocessing);
        if known != moment.preprocessing {
            return Err(LearnError::Preprocessing { got: moment.preprocessing, known });
        }
        for view in &moment.views {
            let missing = || LearnError::MissingSample { view: view.camera.index(), index: sample };
            let got = view.samples.get(sample).ok_or_else(missing)?.size_px;
            if got != self.recipe.crop_px {
                return Err(LearnError::CropSize { got, wanted: self.recipe.crop_px });
            }
        }
        match self.recipe.hold_out.side(moment.source, moment.exposure.ns) {
            Side::Train => self.trained.push(moment),
            Side::HeldOut => self.held_out.push(moment),
            Side::Guard => {}
        }
        Ok(())
    }

    /// Whether enough instants are held for a step.
    pub fn ready(&self) -> bool {
        self.trained.len() >= self.recipe.buffer.minimum_moments
    }
}
