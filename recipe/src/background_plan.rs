//! What is behind the subject while a network learns.

use serde::{Deserialize, Serialize};

use crate::AugmentConfig;

/// What is behind the subject in each picture (SYNC §3.1). Each picture is decided by itself, and gets its own draw of
/// a background.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BackgroundPlan {
    /// What the shares `removed` and `own-background` of the same part's `augment` say.
    #[default]
    Shares,
    /// Nothing: black.
    Removed,
    /// Another background, put behind the subject with the mask as its opacity.
    Substituted,
    /// Half of the pictures removed, half substituted.
    Mixed,
    /// The picture's own. In pretraining it reveals which pictures are mirrored (SYNC, Table 1 c).
    Kept,
}

impl BackgroundPlan {
    /// The variation with these shares in place of its own.
    pub(crate) fn over(self, augment: AugmentConfig) -> AugmentConfig {
        match self {
            Self::Shares => augment,
            Self::Removed => AugmentConfig { removed: 1.0, ..augment },
            Self::Substituted => AugmentConfig { removed: 0.0, own_background: 0.0, ..augment },
            Self::Mixed => AugmentConfig { removed: 0.5, own_background: 0.0, ..augment },
            Self::Kept => AugmentConfig { removed: 0.0, own_background: 1.0, ..augment },
        }
    }
}
