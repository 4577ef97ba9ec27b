//! `genlock eval --trc`: how far bodies are from others' poses of the same take, in the world, one way beside the other.
//! The published calibration scores, and is tried beside with the same 2D; it trains and tunes nothing.

mod published;
pub(super) mod score;

use std::collections::BTreeMap;
use std::path::Path;

use body::joints;
use geometry::Observation;
use infer::recording::{Instant, RecordingError, Watched};
use infer::{Engine, PersonPose};
use miette::{IntoDiagnostic, miette};
use nalgebra::Vector3;
use pose::calibration::CalibratedCamera;
use pose::mapping::Mapping;
use pose::{JOINTS, Pose3d, fuse};
use serde::Serialize;
use subject::Sample;

use crate::commands::reading;
use score::{CameraErrors, Scores, camera_errors, score};

type World = [Vector3<f64>; JOINTS];

/// Where joints of one instant and their truth come from.
pub struct Truth {
    by_source: BTreeMap<u32, World>,
    pub cameras: Vec<CalibratedCamera>,
}

/// One way to find bodies, and how well it does.
#[derive(Serialize)]
pub struct Row {
    pub what: String,
    #[serde(flatten)]
    pub scores: Option<Scores>,
    #[serde(flatten)]
    pub cameras: Option<CameraErrors>,
    /// Why there is no figure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

impl Truth {
    pub fn read(trc: &Path, calibration: &Path) -> miette::Result<Self> {
        let file = pose::trc::read(trc).into_diagnostic()?;
        let mapping = Mapping::new(&file).map_err(|problem| miette!("{}: {problem}", trc.display()))?;
        let joints = |frame: &pose::trc::TrcFrame| Some((frame.source_index, mapping.joints(&frame.markers_mm)?));
        let by_source = file.frames.iter().filter_map(joints).collect();
        Ok(Self { by_source, cameras: pose::calibration::read(calibration).into_diagnostic()? })
    }

    fn at(&self, instant: &Instant) -> Option<&World> {
        self.by_source.get(&instant.source?.index)
    }
}

/// All rows. `model` is the pose model to stand beside the finder, with the take and labels that it is measured on.
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

/// Bodies by the geometry that the cameras find by themselves.
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

/// The finder's own 3D, of single views and fused by rotations alone.
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

/// What a pose model says of single views, and fused.
fn model_rows(engine: &Engine, take: &Path, trc: &Path, calibration: &Path) -> miette::Result<Vec<Row>> {
    let preprocessing = reading::preprocessing(engine.spec(), take)?;
    let labels = pose::labels::import(trc, calibration, None).into_diagnostic()?;
    let take = take::TakeReader::open(take).into_diagnostic()?;
    let labelled = learn::finetune::LabelledTake::join(&take, labels, &preprocessing, |_, _| ()).into_diagnostic()?;
    let mut by_instant: BTreeMap<u32, Vec<(Pose3d, Pose3d)>> = BTreeMap::new();
    for labelled in labelled.samples.chunks(8) {
        let samples: Vec<&Sample> = labelled.iter().map(|labelled| &labelled.sample).collect();
        let people: Vec<PersonPose> = engine.people(&samples).into_diagnostic()?;
        for (labelled, person) in labelled.iter().zip(people) {
            by_instant.entry(labelled.source.index).or_default().push((person.joints_mm, labelled.pose));
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

impl Row {
    /// Of what is relative to the root, so that an error in the room means nothing.
    fn without_place(what: &str, scores: Option<Scores>) -> Self {
        let scores = scores.map(|scores| Scores { rig_mm: None, ..scores });
        Self { what: what.to_owned(), scores, cameras: None, refused: None }
    }
}

fn widened(pose: &Pose3d) -> World {
    pose.map(|joint| Vector3::from(joint.map(f64::from)))
}

fn narrowed(pose: &World) -> Pose3d {
    let root = pose[pose::ROOT];
    pose.map(|joint| (joint - root).map(|value| value as f32).into())
}

/// All ways to choose so many of these, in order.
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

pub fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "{:<44} {:>8} {:>6} {:>6} {:>6} {:>6} {:>7} {:>7}\n",
        "over the 12 limb joints", "bodies", "P mm", "worst", "rig mm", "scale", "rot °", "focal %"
    );
    let number = |value: Option<f64>, digits: usize| value.map_or("–".into(), |value| format!("{value:.digits$}"));
    for row in rows {
        if let Some(why) = &row.refused {
            text += &format!("{:<44} refused: {why}\n", row.what);
            continue;
        }
        let scores = row.scores.as_ref();
        text += &format!(
            "{:<44} {:>8} {:>6} {:>6} {:>6} {:>6} {:>7} {:>7}\n",
            row.what,
            scores.map_or(0, |scores| scores.bodies),
            number(scores.map(|scores| scores.p_mm), 1),
            number(scores.map(|scores| scores.worst_p_mm), 1),
            number(scores.and_then(|scores| scores.rig_mm), 1),
            number(scores.and_then(|scores| scores.rig_mm.map(|_| scores.scale)), 3),
            number(row.cameras.map(|cameras| cameras.rotation_degrees), 2),
            number(row.cameras.map(|cameras| cameras.focal_percent), 1),
        );
    }
    text
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
