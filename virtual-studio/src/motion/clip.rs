//! A captured motion, interpolated between its frames.

use crate::actor::SkeletonPose;

use super::Motion;

/// Motion capture on the canonical skeleton.
#[derive(Clone, Debug)]
pub struct Clip {
    frame_time_s: f64,
    /// At least one.
    poses: Vec<SkeletonPose>,
}

impl Clip {
    pub(crate) fn new(frame_time_s: f64, poses: Vec<SkeletonPose>) -> Self {
        Self { frame_time_s, poses }
    }

    pub fn frame_time_s(&self) -> f64 {
        self.frame_time_s
    }

    /// The captured poses.
    pub fn poses(&self) -> &[SkeletonPose] {
        &self.poses
    }
}

impl Motion for Clip {
    fn duration_s(&self) -> f64 {
        (self.poses.len() - 1) as f64 * self.frame_time_s
    }

    fn at(&self, time_s: f64) -> SkeletonPose {
        let last = self.poses.len() - 1;
        let frame = (time_s / self.frame_time_s).clamp(0.0, last as f64);
        let before = frame as usize;
        self.poses[before].towards(&self.poses[(before + 1).min(last)], frame.fract() as f32)
    }
}
