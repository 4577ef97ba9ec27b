//! Cameras and where they stand: fixed around the stage, held in the hand, or given one by one.

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

/// Most cameras of a rig.
pub const MAX_VIEWS: usize = 16;

/// A ball that holds the person: at one instant, or over a whole take, when it is the stage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PersonBounds {
    /// Metres.
    pub centre: Vec3,
    pub radius_m: f32,
}

impl PersonBounds {
    /// Around the box that holds the joints, with the flesh and hair around them.
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
    /// No camera, more than [`MAX_VIEWS`], or one that cannot be where it is at the start; see [`VirtualCamera::check`].
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

    /// The same, with cameras that are turned in mid-take.
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
    /// A moving camera that comes to stand exactly where it looks.
    pub fn at(&self, view: usize, time_s: f64, person: &PersonBounds) -> Result<VirtualCamera, CameraError> {
        let failed = |cause| CameraError::Camera { camera: view, cause: Box::new(cause) };
        let camera = self.mounts[view].at(time_s, person).map_err(failed)?;
        Ok(self.turns.iter().fold(camera, |camera, turn| turn.apply(view, time_s, camera)))
    }
}

#[cfg(test)]
mod tests;
