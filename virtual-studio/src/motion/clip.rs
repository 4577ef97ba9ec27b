use std::path::Path;

use crate::actor::{BodyPose, Bone};

use super::bvh::Bvh;
use super::{Motion, MotionError, retarget};

/// Faster than pitchers and kickers turn their limbs.
const LEAP_DEG_S: f32 = 3000.0;

/// Motion capture on the canonical skeleton.
#[derive(Clone, Debug)]
pub struct Clip {
    frame_time_s: f64,
    /// At least one.
    poses: Vec<BodyPose>,
}

impl Clip {
    /// Endings of the files that hold clips.
    pub const ENDINGS: [&str; 2] = ["bvh", Self::PACKED];
    /// The ending of packed ones.
    pub const PACKED: &str = "clip";

    /// Reads a packed clip or, by its ending, a BVH file.
    ///
    /// # Errors
    /// The file cannot be read or is neither, or its skeleton is no human that is known.
    pub fn load(path: &Path) -> Result<Self, MotionError> {
        if path.extension().is_some_and(|ending| ending == Self::PACKED) {
            let bytes = std::fs::read(path).map_err(|source| MotionError::Io { path: path.to_owned(), source })?;
            return Self::unpack(&bytes, path);
        }
        retarget::retarget(&Bvh::load(path)?, path)
    }

    pub(crate) fn new(frame_time_s: f64, poses: Vec<BodyPose>) -> Self {
        Self { frame_time_s, poses }
    }

    pub fn frame_time_s(&self) -> f64 {
        self.frame_time_s
    }

    /// How often a bone of trunk or limbs turns faster than a human's does: captures and their conversions have faults.
    /// A sound clip has none or, in the fastest dances and kicks, a few.
    pub fn leaps(&self) -> usize {
        let most = LEAP_DEG_S.to_radians() * self.frame_time_s as f32;
        let is_leap = |pair: &&[BodyPose]| {
            let turned = |bone: Bone| pair[0].rotation(bone).angle_between(pair[1].rotation(bone)) > most;
            Bone::ALL.into_iter().filter(|bone| !matches!(bone, Bone::LeftToe | Bone::RightToe)).any(turned)
        };
        self.poses.windows(2).filter(is_leap).count()
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
