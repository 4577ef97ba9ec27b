//! The labelled pictures, which other threads fill while the learner makes a step.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use frame_sync::pairs::HoldOut;
use transport::{BodyLabels, Moment};

use super::labelled::Labelled;

/// Joins moments with labels in the thread that receives them, so that none is lost however long a step takes. Clones
/// share what is kept.
#[derive(Clone)]
pub struct LabelStore(Arc<Mutex<Labelled>>);

impl LabelStore {
    pub(super) fn new(hold_out: HoldOut) -> Self {
        Self(Arc::new(Mutex::new(Labelled::new(hold_out))))
    }

    /// Keeps the moment for a while, since its labels come later.
    pub fn offer(&self, moment: &Moment) {
        self.lock().offer(moment);
    }

    /// Takes the labels of a moment.
    pub fn label(&self, labels: &BodyLabels) {
        self.lock().label(labels);
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Labelled> {
        // What is kept is whole after each picture.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
