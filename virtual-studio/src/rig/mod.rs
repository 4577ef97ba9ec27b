//! Cameras and their positions: fixed around the stage, hand-held, or given one by one.

mod camera;
mod drift;
mod error;
mod intrinsics;
mod layout;
mod mount;
mod turn;

use glam::Vec3;

pub use camera::VirtualCamera;
pub use error::CameraError;
pub use intrinsics::Intrinsics;
pub use layout::{CameraRing, Span};
pub use mount::{Framing, Mount};
pub use turn::Turn;

/// Maximum number of cameras of a rig.
pub const MAX_VIEWS: usize = 16;

/// A ball that contains the person: at one instant, or, as the stage, over a whole take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PersonBounds {
    /// Metres.
    pub centre: Vec3,
    pub radius_m: f32,
}

impl PersonBounds {
    /// The ball around the bounding box of the joints, with a margin for flesh and hair.
    pub(crate) fn around(joints: &[Vec3]) -> Self {
        const FLESH_M: f32 = 0.12;
        let none = (Vec3::INFINITY, Vec3::NEG_INFINITY);
        let (low, high) = joints.iter().fold(none, |(low, high), &joint| (low.min(joint), high.max(joint)));
        let centre = 0.5 * (low + high);
        let furthest = joints.iter().map(|joint| joint.distance(centre)).fold(0.0, f32::max);
        Self { centre, radius_m: furthest + FLESH_M }
    }
}

/// The cameras of one take.
#[derive(Clone, Debug)]
pub struct CameraRig {
    mounts: Vec<Mount>,
    turns: Vec<Turn>,
}

impl CameraRig {
    /// # Errors
    /// No camera, more than [`MAX_VIEWS`], or one with an impossible start position; see [`VirtualCamera::check`].
    pub fn new(mounts: Vec<Mount>, stage: &PersonBounds) -> Result<Self, CameraError> {
        if !(1..=MAX_VIEWS).contains(&mounts.len()) {
            return Err(CameraError::Views(mounts.len()));
        }
        for (camera, mount) in mounts.iter().enumerate() {
            let checked = mount.at(0.0, stage).and_then(|camera| camera.check(stage));
            checked.map_err(|cause| CameraError::Camera { camera, cause: Box::new(cause) })?;
        }
        Ok(Self { mounts, turns: Vec::new() })
    }

    /// The same, with cameras that are turned during the take.
    pub fn with_turns(self, turns: &[Turn]) -> Self {
        Self { turns: turns.to_vec(), ..self }
    }

    /// Cameras that never move.
    ///
    /// # Errors
    /// As [`CameraRig::new`].
    pub fn fixed(cameras: &[VirtualCamera], stage: &PersonBounds) -> Result<Self, CameraError> {
        Self::new(cameras.iter().copied().map(Mount::Fixed).collect(), stage)
    }

    pub fn views(&self) -> usize {
        self.mounts.len()
    }

    /// A camera at a time.
    ///
    /// # Errors
    /// A moving camera reaches the point at which it looks.
    pub fn at(&self, view: usize, time_s: f64, person: &PersonBounds) -> Result<VirtualCamera, CameraError> {
        let failed = |cause| CameraError::Camera { camera: view, cause: Box::new(cause) };
        let camera = self.mounts[view].at(time_s, person).map_err(failed)?;
        Ok(self.turns.iter().fold(camera, |camera, turn| turn.apply(view, time_s, camera)))
    }
}

#[cfg(test)]
mod tests;
