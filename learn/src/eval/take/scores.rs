//! Pose errors over labelled pictures of one take, by view.

use std::collections::BTreeMap;

use pose::metrics::SubsetMetrics;
use pose::{JointErrors, LIMB_JOINTS, Metrics, Pose3d, joint_errors};
use serde::Serialize;

use crate::LearnError;
use crate::data::LabelledSample;

/// Pose errors over a set of pictures, in mm.
#[derive(Clone, Debug, Serialize)]
pub struct TakeScores {
    /// Number of pictures.
    pub pictures: usize,
    pub metrics: Metrics,
    /// Over the 12 joints that nearly every marker set measures.
    pub limbs: SubsetMetrics,
    pub joints: JointErrors,
    pub views: Vec<ViewScores>,
}

#[derive(Clone, Debug, Serialize)]
pub struct ViewScores {
    pub camera: String,
    pub pictures: usize,
    pub metrics: Metrics,
}

impl TakeScores {
    /// `predicted` is in the order of `samples`; `cameras` are the camera names by index.
    pub(super) fn of(
        samples: &[&LabelledSample],
        predicted: &[Pose3d],
        cameras: &[String],
    ) -> Result<Self, LearnError> {
        let truth: Vec<Pose3d> = samples.iter().map(|labelled| labelled.pose).collect();
        let joints = joint_errors(predicted, &truth)?;
        let mut by_view: BTreeMap<u16, (Vec<Pose3d>, Vec<Pose3d>)> = BTreeMap::new();
        for (labelled, pose) in samples.iter().zip(predicted) {
            let (predicted, truth) = by_view.entry(labelled.camera).or_default();
            predicted.push(*pose);
            truth.push(labelled.pose);
        }
        let mut views = Vec::with_capacity(by_view.len());
        for (camera, (predicted, truth)) in by_view {
            let metrics = joint_errors(&predicted, &truth)?.metrics();
            let camera = cameras.get(usize::from(camera)).cloned().unwrap_or_default();
            views.push(ViewScores { camera, pictures: truth.len(), metrics });
        }
        let limbs = joints.over(&LIMB_JOINTS)?;
        Ok(Self { pictures: samples.len(), metrics: joints.metrics(), limbs, joints, views })
    }
}
