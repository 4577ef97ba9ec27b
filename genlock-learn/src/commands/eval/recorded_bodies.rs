//! `genlock eval --trc`: errors of bodies, found by several methods, against published poses of the same take in the
//! world. The published calibration is only used for scoring, and as one of the methods; it trains and tunes nothing.

mod published;
mod row;
mod truth;

use std::collections::BTreeMap;
use std::path::Path;

use body::joints;
use body::metrics::{camera_errors, score};
use geometry::Observation;
use infer::recording::{RecordingError, Watched};
use infer::{Engine, PersonPose};
use miette::{IntoDiagnostic, miette};
use nalgebra::Vector3;
use pose::labels::ImportOptions;
use pose::{Pose3d, WorldJoints, fuse};
use subject::Sample;

use crate::commands::reading;
pub use row::{Row, table};
pub use truth::Truth;

/// All rows. `model` is the pose model to compare with the finder, with the take and labels on which it is measured.
pub fn rows(
    watched: &Watched,
    truth: &Truth,
    model: Option<(&Engine, &Path, &Path, &Path)>,
) -> miette::Result<Vec<Row>> {
    if !watched.instants.all.iter().any(|instant| truth.at(instant).is_some()) {
        return Err(miette!("no instant of the take has a pose in the file of poses"));
    }
    let mut rows = Vec::new();
    if let Some((engine, take, trc, calibration)) = model {
        rows.extend(model_rows(engine, take, trc, calibration)?);
    }
    rows.extend(finder_rows(watched, truth));
    rows.push(published::row(watched, truth)?);
    let cameras = watched.names.len();
    rows.push(found("all cameras, geometry found", watched, truth));
    for size in [3, 2].into_iter().filter(|&size| size < cameras) {
        for part in combinations(cameras, size) {
            let part = watched.only(&part);
            rows.push(found(&part.names.join(" "), &part, truth));
        }
    }
    Ok(rows)
}

/// Bodies by the geometry that is found from the cameras themselves.
fn found(what: &str, watched: &Watched, truth: &Truth) -> Row {
    let what = what.to_owned();
    let bodies = || -> Result<_, RecordingError> {
        let rig = watched.find_rig(None, "")?;
        let bodies = watched.bodies(&rig.geometry, false)?.confirmed();
        Ok((rig, bodies))
    };
    match bodies() {
        Ok((rig, bodies)) => {
            let pairs = watched.instants.all.iter().zip(&bodies.bodies);
            let pairs =
                pairs.filter_map(|(instant, body)| Some((joints(&body.as_ref()?.points_mm), *truth.at(instant)?)));
            let left_out: Vec<&str> = rig.left_out.iter().map(|(camera, _)| camera.as_str()).collect();
            let what = if left_out.is_empty() { what } else { format!("{what} (without {})", left_out.join(" ")) };
            Row { what, scores: score(pairs), cameras: camera_errors(&rig.geometry, &truth.cameras), refused: None }
        }
        Err(error) => Row { what, scores: None, cameras: None, refused: Some(error.to_string()) },
    }
}

/// The finder's own 3D poses, of single views and fused by rotations only.
fn finder_rows(watched: &Watched, truth: &Truth) -> [Row; 2] {
    let root_relative = |view: &Observation| joints(&view.root_relative_mm.map(Vector3::from));
    let known = || {
        watched.instants.all.iter().zip(&watched.seen).filter_map(|(instant, views)| Some((truth.at(instant)?, views)))
    };
    let single = known().flat_map(|(truth, views)| views.iter().flatten().map(|view| (root_relative(view), *truth)));
    let fused = known().filter_map(|(truth, views)| {
        let poses: Vec<Pose3d> = views.iter().flatten().map(|view| narrowed(&root_relative(view))).collect();
        Some((widened(&fuse(&poses, None).ok()?), *truth))
    });
    [
        Row::without_place("finder, one view", score(single)),
        Row::without_place("finder, views fused by rotations", score(fused)),
    ]
}

/// A pose model's poses, of single views and fused.
fn model_rows(engine: &Engine, take: &Path, trc: &Path, calibration: &Path) -> miette::Result<Vec<Row>> {
    let preprocessing = reading::preprocessing(engine.spec(), take)?;
    let labels = pose::labels::import(trc, calibration, ImportOptions::default()).into_diagnostic()?.labels;
    let take = take::TakeReader::open(take).into_diagnostic()?;
    let labelled = learn::data::LabelledTake::join(&take, labels, &preprocessing, |_, _| ()).into_diagnostic()?;
    let mut by_instant: BTreeMap<u32, Vec<(Pose3d, Pose3d)>> = BTreeMap::new();
    for labelled in labelled.samples.chunks(8) {
        let samples: Vec<&Sample> = labelled.iter().map(|labelled| &labelled.sample).collect();
        let people: Vec<PersonPose> = engine.people(&samples).into_diagnostic()?;
        for (labelled, person) in labelled.iter().zip(people) {
            by_instant.entry(labelled.instant).or_default().push((person.joints_mm, labelled.pose));
        }
    }
    let single = by_instant.values().flatten().map(|(found, truth)| (widened(found), widened(truth)));
    let fused = by_instant.values().filter_map(|views| {
        let poses: Vec<Pose3d> = views.iter().map(|(found, _)| *found).collect();
        Some((widened(&fuse(&poses, None).ok()?), widened(&views[0].1)))
    });
    Ok(vec![
        Row::without_place("pose model, one view", score(single)),
        Row::without_place("pose model, views fused by rotations", score(fused)),
    ])
}

fn widened(pose: &Pose3d) -> WorldJoints {
    pose.map(|joint| Vector3::from(joint.map(f64::from)))
}

fn narrowed(pose: &WorldJoints) -> Pose3d {
    let root = pose[pose::ROOT];
    pose.map(|joint| (joint - root).map(|value| value as f32).into())
}

/// All combinations of `size` out of `of` indices, in order.
fn combinations(of: usize, size: usize) -> Vec<Vec<usize>> {
    if size == 0 {
        return vec![Vec::new()];
    }
    let with_last = |last: usize| {
        combinations(last, size - 1).into_iter().map(move |mut part| {
            part.push(last);
            part
        })
    };
    (size - 1..of).flat_map(with_last).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combinations_are_all_and_in_order() {
        assert_eq!(combinations(3, 2), [[0, 1], [0, 2], [1, 2]]);
        assert_eq!(combinations(4, 3).len(), 4);
        assert_eq!(combinations(2, 3).len(), 0);
    }
}
