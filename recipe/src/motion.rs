//! Which instants pretraining leaves out.

use serde::{Deserialize, Serialize};

use crate::RecipeError;
use crate::check::require;

/// Which instants pretraining leaves out, so that fewer negative pairs show the same pose (SYNC §4: "on average every
/// fourth frame is skipped"). Takes to measure on keep all of theirs. In TOML:
/// `motion = { filter = "mask-difference" }`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "filter", deny_unknown_fields)]
pub enum MotionFilter {
    /// None.
    #[default]
    None,
    /// Those of all training takes in which the subject's mask changes least from the instant before. No labels are
    /// used.
    MaskDifference {
        /// Share of the instants to leave out; within (0, 1).
        #[serde(default = "quarter")]
        share: f64,
    },
    /// Every fourth one of each take (SYNC, footnote 1).
    EveryFourth,
}

fn quarter() -> f64 {
    0.25
}

impl MotionFilter {
    pub(crate) fn check(&self) -> Result<(), RecipeError> {
        let Self::MaskDifference { share } = *self else { return Ok(()) };
        require(share > 0.0 && share < 1.0, "sync.motion.share", "must be in (0, 1)")
    }
}
