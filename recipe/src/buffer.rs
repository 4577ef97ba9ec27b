//! What a live learner keeps to learn from, how often it learns from it, and which copy of its network others get.

use serde::{Deserialize, Serialize};

use crate::RecipeError;
use crate::check::{is_default, require, within};

/// What a live learner keeps to learn from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Buffer {
    /// Bytes of pictures and masks to train on. Held-out instants get a quarter of this on top. More than the machine
    /// has is refused.
    pub bytes: u64,
    /// Most instants to train on, and likewise most held-out ones.
    pub moments: usize,
    /// Instants to train on that are needed for the first step.
    pub minimum_moments: usize,
    /// Which instants to train on stay when it is full. Held-out ones are always the newest.
    #[serde(skip_serializing_if = "is_default")]
    pub keep: Keep,
    /// Milliseconds from one anchor to the next, with [`Keep::LeastRedundant`]. Each costs an encoding of its pictures.
    pub anchor_every_ms: f64,
    /// From how many places in the buffer a step draws: stretches as long as the gap's upper bound, each around an
    /// instant that is drawn at random. The batch is shared among them equally. 0 draws from one stretch and prefers
    /// those of which many instants are held.
    pub places: usize,
    /// How often the learner makes a step.
    #[serde(skip_serializing_if = "is_default")]
    pub steps: Pace,
    /// Instants are left out whose masks differ by less than this from those of the last one that was kept: a share of
    /// the larger mask, the mean over the views. 0 keeps all. Two pictures of somebody who stands still make a pair of
    /// different instants that look the same.
    pub least_motion: f64,
}

/// Which instants stay in a full buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keep {
    /// The newest.
    #[default]
    Newest,
    /// Those that look least like others (minimum redundancy, Purushwalkam et al., ECCV 2022). Every so often an instant
    /// becomes an anchor, which stays together with companions 5, 10, 20, 40 and 80 frames of 50 Hz before it, so that
    /// negatives of its own session stay, too. The anchor goes whose features are nearest to another's, of a session
    /// that has more than an equal share.
    LeastRedundant,
}

/// How often a live learner makes a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pace {
    /// As fast as it can, also while nothing new arrives.
    #[default]
    Free,
    /// So many steps for each instant that joined the buffer to be trained on: 0.25 is a step for every four. Steps that
    /// the machine is too slow for are left out.
    PerMoment(f64),
}

/// Which copy of a learner's network others get: the encoder in its checkpoint, refits of the rig's own network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Served {
    /// The network as it is trained.
    #[default]
    Trained,
    /// A running mean of its weights. At each measurement of the accuracy it takes the place of the copy that others
    /// have, unless it is worse at telling held-out instants apart.
    Average {
        /// Part of the mean that stays at a step, within (0, 1). Less in the first steps, which it would keep for long.
        #[serde(default = "usual_decay")]
        decay: f64,
        /// How far apart these instants are, in milliseconds: from 140 less to 160 more.
        #[serde(default = "usual_gap_ms")]
        gap_ms: f64,
    },
}

/// What normalises the features inside the encoder while it learns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Normalisation {
    /// The statistics of each batch.
    #[default]
    Batch,
    /// From the first measurement of the accuracy on, statistics over several batches, which each measurement renews.
    Running,
}

fn usual_decay() -> f64 {
    0.999
}

fn usual_gap_ms() -> f64 {
    320.0
}

impl Default for Buffer {
    fn default() -> Self {
        Self {
            bytes: 2 << 30,
            moments: 4096,
            minimum_moments: 64,
            keep: Keep::Newest,
            anchor_every_ms: 400.0,
            places: 0,
            steps: Pace::Free,
            least_motion: 0.0,
        }
    }
}

impl Buffer {
    pub(crate) fn check(&self) -> Result<(), RecipeError> {
        require(self.minimum_moments >= 2, "buffer.minimum-moments", "must be at least 2")?;
        let enough = self.moments >= self.minimum_moments;
        require(enough, "buffer.moments", "must be at least buffer.minimum-moments")?;
        within(self.anchor_every_ms, &(0.0..=3_600_000.0), "buffer.anchor-every-ms")?;
        within(self.least_motion, &(0.0..=1.0), "buffer.least-motion")?;
        require(
            self.keep == Keep::Newest || self.places > 0,
            "buffer.places",
            "must be at least 1 with buffer.keep = \"least-redundant\", whose instants are spread over many stretches",
        )?;
        match self.steps {
            Pace::Free => Ok(()),
            Pace::PerMoment(steps) => {
                require(steps > 0.0 && steps <= 100.0, "buffer.steps", "must be above 0 and at most 100 per moment")
            }
        }
    }
}

impl Served {
    pub(crate) fn check(&self) -> Result<(), RecipeError> {
        let Self::Average { decay, gap_ms } = *self else { return Ok(()) };
        require(decay > 0.0 && decay < 1.0, "served.average.decay", "must be in (0, 1)")?;
        within(gap_ms, &(1.0..=600_000.0), "served.average.gap-ms")
    }
}
