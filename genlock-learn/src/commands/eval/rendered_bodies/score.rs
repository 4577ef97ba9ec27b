//! Errors of the bodies of a rendered take against the ground truth.

use body::metrics::{self, BodyScores, Miss, Steadiness, Step, angle_degrees, mean, steadiness};
use body::{CausalFilter, RigGeometry, ScaleSource, joints};
use geometry::{Points, Similarity, similarity};
use infer::recording::{Bodies, RecordingError, Watched};
use infer::rig::Placed;
use nalgebra::Matrix3;
use pose::{LIMB_JOINTS, WorldJoints};
use serde::Serialize;

use super::truth::TakeTruth;

/// Errors of the bodies of a take against the ground truth.
#[derive(Clone, Debug, Serialize)]
pub struct BodyTakeScores {
    /// Instants with a body that at least two cameras agree on, and instants without a body.
    pub seen: usize,
    /// Instants without a body although somebody was seen.
    pub withheld: usize,
    #[serde(flatten)]
    pub poses: BodyScores,
    /// Mean over cameras, after the similarity that aligns bodies to the ground truth.
    pub rotation_degrees: Option<f64>,
    /// By how much bodies are too large, if the person's height was stated.
    pub scale_percent: Option<f64>,
    pub raw: Steadiness,
    /// Smoothed as a live stream is.
    pub filtered: Steadiness,
    /// Share of true joints within the stated uncertainty, with joints as the finder defines them.
    pub within_percent: Option<f64>,
    #[serde(skip)]
    pub misses: Vec<Miss>,
}

/// `None` if no body has a ground truth.
pub fn score(
    watched: &Watched,
    geometry: &RigGeometry,
    bodies: &Bodies,
    truth: &TakeTruth,
    rate_hz: f64,
) -> Option<BodyTakeScores> {
    let known = || known(watched, bodies, truth);
    let pairs = || known().map(|(body, truth)| (joints(&body.points_mm), *truth));
    let (poses, to_truth) = (metrics::score(pairs())?, limbs_onto(pairs())?);
    let found = bodies.bodies.iter().flatten().count();
    let points = |at: usize| bodies.bodies[at].as_ref().map(|body| body.points_mm);
    let mut filter = CausalFilter::default();
    let mut smooth = vec![None; bodies.bodies.len()];
    for run in watched.instants.runs() {
        filter.restart();
        for at in run {
            smooth[at] = points(at).map(|points| filter.smooth(watched.instants.all[at].exposure_ns, &points));
        }
    }
    let raw: Vec<Option<Points>> = (0..smooth.len()).map(points).collect();
    let steady = |bodies: &[Option<Points>]| steadiness(&stretches(watched, bodies, truth, &to_truth), rate_hz);
    Some(BodyTakeScores {
        seen: found + bodies.withheld,
        withheld: bodies.withheld,
        poses,
        rotation_degrees: rotation_degrees(geometry, truth, &to_truth.rotation),
        scale_percent: (geometry.scale == ScaleSource::Stated).then(|| 100.0 * (1.0 / to_truth.scale - 1.0)),
        raw: steady(&raw),
        filtered: steady(&smooth),
        within_percent: None,
        misses: known().filter_map(|(body, truth)| miss(body, truth, &to_truth)).collect(),
    })
}

/// Errors of bodies that a single camera places, in a geometry found from all cameras.
#[derive(Clone, Debug, Serialize)]
pub struct AloneScores {
    pub bodies: usize,
    /// Over the 12 limb joints, after the similarity that aligns the bodies of all cameras to the ground truth.
    pub limb_mm: f64,
    pub p_mm: f64,
    pub within_percent: Option<f64>,
    #[serde(skip)]
    pub misses: Vec<Miss>,
}

/// Scores each camera by itself. `bodies` are those of all cameras. `None` if there is nothing to score.
///
/// # Errors
/// The geometry does not fit the cameras.
pub fn alone(
    watched: &Watched,
    geometry: &RigGeometry,
    bodies: &Bodies,
    truth: &TakeTruth,
) -> Result<Option<AloneScores>, RecordingError> {
    let known = |bodies: &Bodies| -> Vec<(Placed, WorldJoints)> {
        known(watched, bodies, truth).map(|(body, truth)| (body.clone(), *truth)).collect()
    };
    let pairs = |known: &[(Placed, WorldJoints)]| -> Vec<(WorldJoints, WorldJoints)> {
        known.iter().map(|(body, truth)| (joints(&body.points_mm), *truth)).collect()
    };
    let Some(to_truth) = limbs_onto(pairs(&known(bodies)).into_iter()) else { return Ok(None) };
    let mut all = Vec::new();
    for camera in 0..watched.names.len() {
        all.extend(known(&watched.with_views_of(camera).bodies(geometry, false)?));
    }
    let Some(poses) = metrics::score(pairs(&all).into_iter()) else { return Ok(None) };
    let errors = pairs(&all)
        .into_iter()
        .flat_map(|(found, truth)| LIMB_JOINTS.map(|joint| (to_truth.point(&found[joint]) - truth[joint]).norm()));
    let misses = all.iter().filter_map(|(body, truth)| miss(body, truth, &to_truth)).collect();
    Ok(mean(errors).map(|limb_mm| AloneScores {
        bodies: all.len(),
        limb_mm,
        p_mm: poses.p_mm,
        within_percent: None,
        misses,
    }))
}

/// Bodies with known ground truth.
fn known<'a>(
    watched: &'a Watched,
    bodies: &'a Bodies,
    truth: &'a TakeTruth,
) -> impl Iterator<Item = (&'a Placed, &'a WorldJoints)> {
    let instants = watched.instants.all.iter().zip(&bodies.bodies);
    instants.filter_map(|(instant, body)| Some((body.as_ref()?, truth.at(instant)?)))
}

fn miss(body: &Placed, truth: &WorldJoints, to_truth: &Similarity) -> Option<Miss> {
    let found = joints(&body.points_mm).map(|joint| to_truth.point(&joint));
    Miss::new(&found, truth, body.uncertainty_mm.map(|radius_mm| to_truth.scale * radius_mm))
}

/// One similarity that aligns all limb joints to the ground truth.
fn limbs_onto(pairs: impl Iterator<Item = (WorldJoints, WorldJoints)>) -> Option<Similarity> {
    let limbs = pairs.flat_map(|(found, truth)| LIMB_JOINTS.map(|joint| (found[joint], truth[joint])));
    similarity(&limbs.collect::<Vec<_>>())
}

fn rotation_degrees(geometry: &RigGeometry, truth: &TakeTruth, to_truth: &Matrix3<f64>) -> Option<f64> {
    let degrees = |(name, camera): (&String, &body::CameraGeometry)| {
        let turn = camera.camera().rotation * to_truth.transpose() * truth.rotations.get(name)?.transpose();
        Some(angle_degrees(&turn))
    };
    mean(geometry.cameras.iter().filter_map(degrees))
}

/// Stretches of consecutive instants with a body, in the axes and scale of the ground truth.
fn stretches(watched: &Watched, bodies: &[Option<Points>], truth: &TakeTruth, to_truth: &Similarity) -> Vec<Vec<Step>> {
    let step = |at: usize| {
        let points = bodies[at].map(|points| points.map(|point| to_truth.point(&point)))?;
        let [left_heel, right_heel, left_toe, right_toe] = [15, 16, 17, 18].map(|point| points[point]);
        let soles = [[left_heel, left_toe], [right_heel, right_toe]];
        Some(Step { joints: joints(&points), truth: *truth.at(&watched.instants.all[at])?, soles })
    };
    let mut stretches = Vec::new();
    for run in watched.instants.runs() {
        let steps: Vec<Option<Step>> = run.map(step).collect();
        stretches.extend(steps.split(Option::is_none).map(|part| part.iter().flatten().cloned().collect::<Vec<_>>()));
    }
    stretches
}
