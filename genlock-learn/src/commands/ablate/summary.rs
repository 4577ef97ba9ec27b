//! The figures of a table, as far as they are there.

use std::path::Path;

use recipe::{AblationRecipe, AblationRow, PairHeads, PoseTarget, PublishedRow};
use serde::Serialize;

use super::kept::{self, Errors, Measured, Pretrained};
use super::plan::Plan;
use super::work::{ACCURACY_FILE, ERRORS_FILE};
use crate::commands::spread::Spread;

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Summary {
    pub title: String,
    /// What the rows learn, which decides the unit of all errors.
    pub target: PoseTarget,
    /// The row that errors are divided by.
    pub reference: String,
    /// Held-out pictures that errors are of; the most of any row.
    pub pictures: usize,
    /// Always giving the mean pose of the reference's labels.
    pub mean_pose: Option<Figures>,
    pub rows: Vec<Row>,
    pub published: Vec<PublishedRow>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Row {
    pub row: AblationRow,
    /// `None` while no seed is done.
    pub ours: Option<Figures>,
    /// MPJPE as a part of the reference's.
    pub ratio: Option<f64>,
    /// The same of the paper's figures.
    pub paper_ratio: Option<f64>,
    /// Balanced accuracies of its pretraining on held-out takes; `None` where a head did not learn.
    pub sync_accuracy: Option<Spread>,
    pub flip_accuracy: Option<Spread>,
}

/// Errors over the seeds that are done: of 3D poses in mm, of 2D poses in pixels of a frame 1000 px wide.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Figures {
    pub mpjpe: Spread,
    /// `None` of 2D poses, as the next.
    pub n_mpjpe: Option<Spread>,
    pub p_mpjpe: Option<Spread>,
}

impl Figures {
    fn of(errors: &[Errors]) -> Option<Self> {
        let spread = |of: fn(&Errors) -> Option<f64>| Spread::of(errors.iter().filter_map(of));
        Some(Self { mpjpe: spread(|e| Some(e.mpjpe))?, n_mpjpe: spread(|e| e.n_mpjpe), p_mpjpe: spread(|e| e.p_mpjpe) })
    }
}

impl Summary {
    /// # Errors
    /// A figure that cannot be read or is of another recipe.
    pub fn of(recipe: &AblationRecipe, plan: &Plan, out: &Path) -> miette::Result<Self> {
        let (mut rows, mut pictures, mut mean_pose) = (Vec::new(), 0, None);
        for (index, planned) in plan.rows.iter().enumerate() {
            let (mut measured, mut accuracies) = (Vec::new(), Vec::new());
            for training in plan.of_row(index) {
                let errors = training.folder(out).join(ERRORS_FILE);
                measured.extend(kept::read::<Measured>(&errors, &training.recipe, None)?);
                if let Some(encoder) = training.encoder.map(|index| &plan.encoders[index]) {
                    let accuracy = encoder.folder(out).join(ACCURACY_FILE);
                    accuracies.extend(kept::read::<Pretrained>(&accuracy, &encoder.recipe, None)?);
                }
            }
            pictures = measured.iter().map(|found| found.pictures).fold(pictures, usize::max);
            if planned.row.name == recipe.reference {
                mean_pose = Figures::of(&measured.iter().map(|found| found.mean_pose).collect::<Vec<_>>());
            }
            let accuracy = |head: usize, other: PairHeads| {
                let asked = planned.recipes.iter().all(|recipe| recipe.sync.heads != other);
                let held_out = accuracies.iter().filter_map(|found| Some(found.accuracy.held_out?[head]));
                if asked { Spread::of(held_out) } else { None }
            };
            rows.push(Row {
                row: planned.row.clone(),
                ours: Figures::of(&measured.iter().map(|found| found.errors).collect::<Vec<_>>()),
                ratio: None,
                paper_ratio: None,
                sync_accuracy: accuracy(0, PairHeads::Flip),
                flip_accuracy: accuracy(1, PairHeads::Sync),
            });
        }
        let reference = rows.iter().find(|row| row.row.name == recipe.reference);
        let ours = |row: &Row| row.ours.as_ref().map(|ours| ours.mpjpe.mean);
        let papers = |row: &Row| row.row.paper.and_then(|paper| paper.mpjpe);
        let (our_reference, paper_reference) = (reference.and_then(ours), reference.and_then(papers));
        for row in &mut rows {
            row.ratio = ours(row).zip(our_reference).map(|(mpjpe, of)| mpjpe / of);
            row.paper_ratio = papers(row).zip(paper_reference).map(|(mpjpe, of)| mpjpe / of);
        }
        let (title, reference, published) = (recipe.title.clone(), recipe.reference.clone(), recipe.published.clone());
        Ok(Self { title, target: plan.target(), reference, pictures, mean_pose, rows, published })
    }
}
