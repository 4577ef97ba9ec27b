//! What a finished training leaves for the table.

use std::path::Path;

use learn::eval::{PlaneErrors, RenderedEvaluation, Scores, SyncAccuracy};
use miette::{IntoDiagnostic, bail, miette};
use recipe::TrainRecipe;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::commands::results;

/// A figure's file, with what it is of.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Kept<T> {
    /// [`TrainRecipe::identity`].
    recipe: String,
    /// Pictures of the session.
    pictures: usize,
    found: T,
}

/// Of a pretraining.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Pretrained {
    pub accuracy: SyncAccuracy,
}

/// Of a training: on people and clips that it never saw.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Measured {
    pub pictures: usize,
    pub errors: Errors,
    /// Of the mean pose of the same labels.
    pub mean_pose: Errors,
}

/// As SYNC has them. Of 3D poses in mm, over the 16 joints other than the root; P-MPJPE is fitted on all 17. Of 2D poses
/// in pixels of a frame 1000 px wide, over all joints, and MPJPE alone.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Errors {
    pub mpjpe: f64,
    pub n_mpjpe: Option<f64>,
    pub p_mpjpe: Option<f64>,
}

impl Measured {
    /// On the kind of pictures that the model learned from. One that learned from both kinds is measured with masks.
    pub fn of(found: &RenderedEvaluation, recipe: &TrainRecipe) -> miette::Result<Self> {
        let all = found.comparisons.first().ok_or_else(|| miette!("nothing was measured"))?;
        let removed = recipe.transfer_augment().removed > 0.0;
        let scores = if removed { &all.model.masked } else { &all.model.plain };
        Ok(Self { pictures: all.pictures, errors: Errors::of(scores), mean_pose: Errors::of(&all.mean_pose) })
    }

    pub fn of_plane(found: &PlaneErrors) -> Self {
        let PlaneErrors { pictures, model_px, mean_pose_px } = *found;
        Self { pictures, errors: Errors::in_picture(model_px), mean_pose: Errors::in_picture(mean_pose_px) }
    }
}

impl Errors {
    fn of(scores: &Scores) -> Self {
        let metrics = scores.metrics;
        let p_mpjpe = metrics.pmpjpe17 * 17.0 / 16.0;
        Self { mpjpe: metrics.mpjpe16, n_mpjpe: Some(metrics.nmpjpe16), p_mpjpe: Some(p_mpjpe) }
    }

    fn in_picture(mpjpe: f64) -> Self {
        Self { mpjpe, n_mpjpe: None, p_mpjpe: None }
    }
}

/// Reads a figure; `None` where there is none yet. `pictures` is of the session at hand, if there is one.
///
/// # Errors
/// A file that cannot be read, or that another recipe or session left.
pub fn read<T: DeserializeOwned>(
    path: &Path,
    recipe: &TrainRecipe,
    pictures: Option<usize>,
) -> miette::Result<Option<T>> {
    let Some(kept) = results::read::<Kept<T>>(path)? else { return Ok(None) };
    let mine = recipe.identity().into_diagnostic()?;
    if kept.recipe != mine {
        let (mine, theirs) = results::first_difference(&mine, &kept.recipe, "another recipe");
        bail!("{} was trained with `{theirs}`, the recipe has `{mine}`: name another folder", path.display());
    }
    if pictures.is_some_and(|pictures| pictures != kept.pictures) {
        bail!("{} is of a session with {} pictures: name another folder", path.display(), kept.pictures);
    }
    Ok(Some(kept.found))
}

/// Writes a figure, whole or not at all.
pub fn write<T: Serialize>(path: &Path, recipe: &TrainRecipe, pictures: usize, found: T) -> miette::Result<()> {
    results::write(path, &Kept { recipe: recipe.identity().into_diagnostic()?, pictures, found })
}
