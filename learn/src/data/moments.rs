//! The live moments of a run: training and held-out ones.

use frame_sync::pairs::Side;
use recipe::PretrainRecipe;
use transport::Moment;

use super::store::Store;
use crate::LearnError;

/// Held-out instants get an extra 1 / `HELD_OUT_SHARE` of the buffer's bytes.
const HELD_OUT_SHARE: u64 = 4;

pub(crate) struct Moments {
    pub recipe: PretrainRecipe,
    pub trained: Store,
    pub held_out: Store,
    /// Hash of the preprocessing, the same for all moments; `None` before the first one.
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

    /// Adds a moment to the training or the held-out ones; a guard moment between the two is dropped. `sample` is the
    /// index of the sample that the network uses.
    ///
    /// # Errors
    /// If the preprocessing differs from that of earlier moments, the sample is missing, or its size is wrong.
    pub fn push(&mut self, moment: Moment, sample: usize) -> Result<(), LearnError> {
        if moment.views.is_empty() {
            return Ok(());
        }
        let known = self.preprocessing.unwrap_or(moment.preprocessing);
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
        self.preprocessing = Some(known);
        match self.recipe.hold_out.side(moment.source, moment.exposure.ns) {
            Side::Train => self.trained.push(moment),
            Side::HeldOut => self.held_out.push(moment),
            Side::Guard => {}
        }
        Ok(())
    }

    /// Drops all instants that were exposed after this time.
    pub fn forget_after(&mut self, exposure_ns: i64) {
        self.trained.forget_after(exposure_ns);
        self.held_out.forget_after(exposure_ns);
    }

    /// Whether there are enough instants for a step.
    pub fn ready(&self) -> bool {
        self.trained.len() >= self.recipe.buffer.minimum_moments
    }
}
