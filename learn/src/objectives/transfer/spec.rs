//! Metadata of a pose model trained on rendered people.

use std::collections::BTreeSet;

use model::{Background, PoseSpec};
use pose::JOINT_NAMES;
use recipe::TrainRecipe;
use serde::{Deserialize, Serialize};

use crate::LearnError;
use crate::data::rendered::Dataset;
use crate::error::in_json;

/// How a pose model was trained; stored as JSON in [`PoseSpec::training`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RenderedTraining {
    /// The recipe, as TOML.
    pub recipe: String,
    /// Distinct pictures whose labels were used.
    pub labelled_pictures: usize,
    /// Pictures seen in training, counting repetitions.
    pub samples: u64,
    pub people: BTreeSet<String>,
    pub clips: usize,
    pub actions: BTreeSet<String>,
}

/// The metadata of the pose model.
pub(super) fn spec(
    recipe: &TrainRecipe,
    dataset: &Dataset,
    rows: &[u32],
    encoder: String,
) -> Result<PoseSpec, LearnError> {
    let of = |name: fn(&take::SessionTake) -> &String| -> BTreeSet<String> {
        rows.iter().map(|&row| name(&dataset.take_of(row).about).clone()).collect()
    };
    let training = RenderedTraining {
        recipe: recipe.identity()?,
        labelled_pictures: rows.len(),
        samples: recipe.transfer.samples,
        people: of(|take| &take.person),
        clips: of(|take| &take.clip).len(),
        actions: of(|take| &take.action),
    };
    let (preprocessing, removed) = (recipe.preprocessing(), recipe.transfer_augment().removed);
    let failed = in_json("describing a pose model");
    Ok(PoseSpec {
        crop_px: recipe.crop_px.into(),
        background: if removed > 0.0 { Background::Removed } else { Background::Kept },
        takes_both: removed > 0.0 && removed < 1.0,
        preprocessing: serde_json::to_string(&preprocessing).map_err(&failed)?,
        preprocessing_hash: format!("{:016x}", preprocessing.hash()),
        joint_set: "Human3.6M 17, from rendered people".to_owned(),
        joint_names: JOINT_NAMES.map(str::to_owned).to_vec(),
        encoder_version: encoder,
        training: serde_json::to_string(&training).map_err(&failed)?,
    })
}
