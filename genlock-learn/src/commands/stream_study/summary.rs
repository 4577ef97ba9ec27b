//! The figures of a study, as far as they are there.

use std::path::Path;

use learn::eval::sync_report::GapPoint;
use recipe::{PlannedArm, StreamRecipe, StreamSession};
use serde::Serialize;

use super::kept::{self, Point, Progress};
use super::run::{PROGRESS_FILE, folder};
use crate::commands::spread::Spread;

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Summary {
    pub title: String,
    pub sessions: Vec<StreamSession>,
    /// The gap by which arms are compared.
    pub compared_ms: f64,
    pub arms: Vec<Arm>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Arm {
    pub name: String,
    pub what: String,
    /// Runs that came to the end of the stream.
    pub done: usize,
    /// Of these runs, at the end; `None` while there are none.
    pub end: Option<End>,
    /// Accuracy at the compared gap over time, over the runs that are done.
    pub over_time: Vec<OverTime>,
    pub runs: Vec<Run>,
}

/// Means over seeds at the end of the stream.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct End {
    pub steps: f64,
    pub pictures: f64,
    pub updates_per_s: f64,
    pub buffer_bytes: f64,
    /// On the frozen set, by gap.
    pub held_out: Vec<AtGap>,
    /// The same of the network as it is trained, at the compared gap.
    pub trained: Option<Spread>,
    /// On the frozen set before the stream, at the compared gap.
    pub begun: Option<Spread>,
    /// On what was held back of the first session, at the compared gap: before it, after it, after the last one, and what
    /// is lost from one to the other.
    pub first_before: Option<Spread>,
    pub first_after_first: Option<Spread>,
    pub first_after_last: Option<Spread>,
    pub lost: Option<Spread>,
    /// On what was held back of the last session, after it.
    pub last_after_last: Option<Spread>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct AtGap {
    pub gap_ms: f64,
    pub accuracy: Spread,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct OverTime {
    pub moments: usize,
    pub session: usize,
    pub accuracy: Spread,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Run {
    pub seed: u64,
    pub progress: Progress,
}

impl Summary {
    /// # Errors
    /// A run's file that cannot be read.
    pub fn of(recipe: &StreamRecipe, arms: &[PlannedArm], out: &Path) -> miette::Result<Self> {
        let compared_ms = recipe.measured.compared_ms;
        let mut found = Vec::new();
        for PlannedArm { arm, recipes } in arms {
            let mut runs = Vec::new();
            for seed in recipes.iter().map(|recipe| recipe.seed) {
                let progress = kept::read(&folder(out, &arm.name, seed).join(PROGRESS_FILE), None)?;
                runs.extend(progress.map(|progress| Run { seed, progress }));
            }
            let done: Vec<&Progress> = runs.iter().map(|run| &run.progress).filter(|run| run.done).collect();
            found.push(Arm {
                name: arm.name.clone(),
                what: arm.what.clone(),
                done: done.len(),
                end: end(&done, compared_ms),
                over_time: over_time(&done, compared_ms),
                runs,
            });
        }
        Ok(Self { title: recipe.title.clone(), sessions: recipe.session.clone(), compared_ms, arms: found })
    }
}

fn at(points: &[GapPoint], gap_ms: f64) -> Option<f64> {
    points.iter().find(|point| point.gap_ms == gap_ms).map(|point| point.accuracy)
}

fn end(done: &[&Progress], compared_ms: f64) -> Option<End> {
    let ends: Vec<&Point> = done.iter().filter_map(|run| run.points.last()).collect();
    let mean = |of: fn(&Point) -> f64| Spread::of(ends.iter().map(|point| of(point))).map(|spread| spread.mean);
    let gaps: Vec<f64> = ends.first()?.held_out.iter().map(|point| point.gap_ms).collect();
    // After which session, and of which one, in one run.
    let retained = |run: &Progress, after: usize, of: usize| {
        let point = run.points.iter().rfind(|point| point.session == after && !point.retained.is_empty())?;
        at(point.retained.get(of)?, compared_ms)
    };
    let last = ends.first()?.session;
    let over = |of: &dyn Fn(&Progress) -> Option<f64>| Spread::of(done.iter().filter_map(|run| of(run)));
    Some(End {
        steps: mean(|point| point.steps as f64)?,
        pictures: mean(|point| point.pictures as f64)?,
        updates_per_s: mean(|point| point.steps as f64 / point.learned_s.max(1e-9))?,
        buffer_bytes: mean(|point| point.buffer_bytes as f64)?,
        held_out: gaps
            .into_iter()
            .filter_map(|gap_ms| {
                let accuracy = Spread::of(ends.iter().filter_map(|point| at(&point.held_out, gap_ms)))?;
                Some(AtGap { gap_ms, accuracy })
            })
            .collect(),
        trained: Spread::of(ends.iter().filter_map(|point| at(&point.trained, compared_ms))),
        begun: over(&|run| at(&run.points.first()?.held_out, compared_ms)),
        first_before: over(&|run| at(run.points.first()?.retained.first()?, compared_ms)),
        first_after_first: over(&|run| retained(run, 0, 0)),
        first_after_last: over(&|run| retained(run, last, 0)),
        lost: over(&|run| Some(retained(run, 0, 0)? - retained(run, last, 0)?)),
        last_after_last: over(&|run| retained(run, last, last)),
    })
}

fn over_time(done: &[&Progress], compared_ms: f64) -> Vec<OverTime> {
    let points = done.first().map_or(0, |run| run.points.len());
    let of = |index: usize| {
        let points = || done.iter().filter_map(move |run| run.points.get(index));
        let first = points().next()?;
        let accuracy = Spread::of(points().filter_map(|point| at(&point.held_out, compared_ms)))?;
        Some(OverTime { moments: first.moments, session: first.session, accuracy })
    };
    (0..points).filter_map(of).collect()
}
