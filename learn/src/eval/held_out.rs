//! Pose errors on held-out people and clips, compared with baselines.

use std::collections::BTreeSet;

use model::{PoseModel, Precision};
use pose::Pose3d;
use serde::Serialize;

use super::baselines::Baselines;
use super::heads::HeadScores;
use super::pictures::Pictures;
use super::scores::{BothKinds, Scores};
use super::spread::spread;
use crate::LearnError;
use crate::data::rendered::{Dataset, Split};

/// Errors of the model and of the baselines on the same held-out pictures.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Comparison {
    /// The subset: `all`; `seen`, actions that occur in training (with other people and clips); or `unseen`, the rest.
    pub actions: &'static str,
    pub pictures: usize,
    pub model: BothKinds,
    pub mean_pose: Scores,
    pub procrustes_mean: Scores,
    /// Ridge regression on 16×16 pixels, fitted separately for each kind of input.
    pub ridge: Option<BothKinds>,
}

/// The result of an evaluation on held-out pictures of a rendered session.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RenderedEvaluation {
    /// Number of held-out people.
    pub people: usize,
    /// Number of held-out clips.
    pub clips: usize,
    pub comparisons: Vec<Comparison>,
    pub masked_heads: Option<HeadScores>,
    pub plain_heads: Option<HeadScores>,
}

/// Held-out pictures and fitted baselines, for evaluating any number of models.
pub struct Evaluator<'a> {
    dataset: &'a Dataset,
    rows: Vec<u32>,
    pictures: Pictures<'a>,
    /// By row: whether its action occurs in training.
    seen: Vec<bool>,
    baselines: Baselines,
}

impl<'a> Evaluator<'a> {
    /// Selects `pictures` held-out pictures (all if 0), of an imported session among its test frames, and fits the baselines on the training pictures `labelled`. The
    /// ridge regression takes some seconds.
    ///
    /// # Errors
    /// If the session has no held-out takes or there are no labelled pictures.
    pub fn new(
        dataset: &'a Dataset,
        labelled: &[u32],
        crop_px: u16,
        pictures: usize,
        with_ridge: bool,
    ) -> Result<Self, LearnError> {
        let rows = spread(&dataset.test_rows(), pictures);
        if rows.is_empty() {
            let split = Split::HeldOut.name();
            return Err(LearnError::TooFew(format!(
                "no take of the session has the split `{split}`: there is nothing to evaluate on"
            )));
        }
        let actions: BTreeSet<String> = dataset.distinct(Split::Train, |take| &take.action);
        Ok(Self {
            dataset,
            pictures: Pictures::of_dataset(dataset, crop_px, rows.clone())?,
            seen: rows.iter().map(|&row| actions.contains(&dataset.take_of(row).about.action)).collect(),
            rows,
            baselines: Baselines::fit(dataset, labelled, crop_px, with_ridge)?,
        })
    }

    pub fn pictures(&self) -> usize {
        self.rows.len()
    }

    pub fn baselines(&self) -> &Baselines {
        &self.baselines
    }

    /// Evaluates a model. Its BatchNorm statistics must be up to date.
    pub fn evaluate(&self, model: &PoseModel, precision: Precision) -> Result<RenderedEvaluation, LearnError> {
        let found = self.pictures.predict(model, precision)?;
        let ridge = self.baselines.ridge_poses(&self.pictures)?;
        let mut comparisons = Vec::new();
        for (actions, wanted) in [("all", None), ("seen", Some(true)), ("unseen", Some(false))] {
            let of: Vec<usize> =
                (0..self.rows.len()).filter(|&at| wanted.is_none_or(|wanted| self.seen[at] == wanted)).collect();
            if of.is_empty() {
                continue;
            }
            let scores = |poses: &[Pose3d]| Scores::of(&at(poses, &of), &at(self.pictures.truth(), &of));
            comparisons.push(Comparison {
                actions,
                pictures: of.len(),
                model: found.try_map(|found| scores(&found.poses))?,
                mean_pose: scores(&vec![self.baselines.mean; self.rows.len()])?,
                procrustes_mean: scores(&vec![self.baselines.procrustes; self.rows.len()])?,
                ridge: ridge.as_ref().map(|ridge| ridge.try_map(|poses| scores(poses))).transpose()?,
            });
        }
        let distinct = |of: fn(&take::SessionTake) -> &String| {
            self.rows.iter().map(|&row| of(&self.dataset.take_of(row).about)).collect::<BTreeSet<_>>().len()
        };
        Ok(RenderedEvaluation {
            people: distinct(|take| &take.person),
            clips: distinct(|take| &take.clip),
            comparisons,
            masked_heads: HeadScores::of(&found.masked, self.pictures.truth()),
            plain_heads: HeadScores::of(&found.plain, self.pictures.truth()),
        })
    }
}

/// The poses at the given indices.
fn at(poses: &[Pose3d], places: &[usize]) -> Vec<Pose3d> {
    places.iter().map(|&place| poses[place]).collect()
}
