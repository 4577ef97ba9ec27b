use std::path::Path;

use crate::actor::BodyPose;

use super::bvh::Bvh;
use super::{Motion, MotionError, retarget};

/// Motion capture on the canonical skeleton.
#[derive(Clone, Debug)]
pub struct Clip {
    frame_time_s: f64,
    /// At least one.
    poses: Vec<BodyPose>,
}

impl Clip {
    /// # Errors
    /// The file is no BVH, or its skeleton is no human that is known.
    pub fn load(path: &Path) -> Result<Self, MotionError> {
        retarget::retarget(&Bvh::load(path)?, path)
    }

    pub(crate) fn new(frame_time_s: f64, poses: Vec<BodyPose>) -> Self {
        Self { frame_time_s, poses }
    }

    pub fn frame_time_s(&self) -> f64 {
        self.frame_time_s
    }

    /// The poses that were captured.
    pub fn poses(&self) -> &[BodyPose] {
        &self.poses
    }
}

impl Motion for Clip {
    fn duration_s(&self) -> f64 {
        (self.poses.len() - 1) as f64 * self.frame_time_s
    }

    fn at(&self, time_s: f64) -> BodyPose {
        let last = self.poses.len() - 1;
        let frame = (time_s / self.frame_time_s).clamp(0.0, last as f64);
        let before = frame as usize;
        self.poses[before].towards(&self.poses[(before + 1).min(last)], frame.fract() as f32)
    }
}
