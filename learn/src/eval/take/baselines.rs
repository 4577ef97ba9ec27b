//! Baselines on one take: the mean pose of each view, and a ridge regression on 16×16 pixels.

use std::collections::BTreeMap;

use pose::{MeanPose, Pose3d, Ridge};

use crate::LearnError;
use crate::data::LabelledSample;
use crate::eval::thumbnails::{RIDGE_STRENGTH, of_sample};

/// Both baselines, fitted on training pictures.
pub(super) struct TakeBaselines {
    /// By camera.
    means: BTreeMap<u16, Pose3d>,
    /// Mean pose over all cameras, for cameras without training pictures.
    overall: Pose3d,
    ridge: Ridge,
}

impl TakeBaselines {
    pub fn fit(trained: &[&LabelledSample]) -> Result<Self, LearnError> {
        let poses: Vec<Pose3d> = trained.iter().map(|labelled| labelled.pose).collect();
        let mut by_camera: BTreeMap<u16, Vec<Pose3d>> = BTreeMap::new();
        for labelled in trained {
            by_camera.entry(labelled.camera).or_default().push(labelled.pose);
        }
        let mut means = BTreeMap::new();
        for (camera, poses) in by_camera {
            means.insert(camera, MeanPose::fit(&poses)?.predict());
        }
        let features: Vec<Vec<f32>> = trained.iter().map(|labelled| of_sample(&labelled.sample)).collect();
        Ok(Self {
            means,
            overall: MeanPose::fit(&poses)?.predict(),
            ridge: Ridge::fit(&features, &poses, RIDGE_STRENGTH)?,
        })
    }

    pub fn mean_poses(&self, samples: &[&LabelledSample]) -> Vec<Pose3d> {
        samples.iter().map(|labelled| self.means.get(&labelled.camera).copied().unwrap_or(self.overall)).collect()
    }

    pub fn ridge(&self, samples: &[&LabelledSample]) -> Result<Vec<Pose3d>, LearnError> {
        samples.iter().map(|labelled| Ok(self.ridge.predict(&of_sample(&labelled.sample))?)).collect()
    }
}
