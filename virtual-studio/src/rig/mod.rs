//! Cameras and where they stand: fixed around the stage, held in the hand, or given one by one.

mod camera;
mod drift;
mod error;
mod intrinsics;
mod layout;
mod mount;
mod turn;

use glam::Vec3;

pub use camera::Camera;
pub use error::RigError;
pub use intrinsics::Intrinsics;
pub use layout::{Layout, Span};
pub use mount::{Framing, Mount};
pub use turn::Turn;

/// Most cameras of a rig.
pub const MAX_VIEWS: usize = 16;

/// Where the person is over a take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// Middle of what the person reaches, metres.
    pub centre: Vec3,
    /// Of a ball around it that holds the person at all times, metres.
    pub radius_m: f32,
}

/// The person at one instant, as far as a camera that follows needs to know.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Subject {
    /// Middle of the joints, metres.
    pub centre: Vec3,
    /// Of a ball around it that holds all joints, metres.
    pub radius_m: f32,
}

/// The cameras of one take.
#[derive(Clone, Debug)]
pub struct Rig {
    mounts: Vec<Mount>,
    turns: Vec<Turn>,
}

impl Rig {
    /// # Errors
    /// No camera, more than [`MAX_VIEWS`], or one that cannot be where it is at the start; see [`Camera::check`].
    pub fn new(mounts: Vec<Mount>, stage: &Stage) -> Result<Self, RigError> {
        if !(1..=MAX_VIEWS).contains(&mounts.len()) {
            return Err(RigError::Views(mounts.len()));
        }
        let subject = Subject { centre: stage.centre, radius_m: stage.radius_m };
        for (camera, mount) in mounts.iter().enumerate() {
            let checked = mount.at(0.0, &subject).and_then(|camera| camera.check(stage));
            checked.map_err(|cause| RigError::Camera { camera, cause: Box::new(cause) })?;
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
    /// As [`Rig::new`].
    pub fn fixed(cameras: &[Camera], stage: &Stage) -> Result<Self, RigError> {
        Self::new(cameras.iter().copied().map(Mount::Fixed).collect(), stage)
    }

    pub fn views(&self) -> usize {
        self.mounts.len()
    }

    /// Whether a camera sees the same background all the time.
    pub fn is_fixed(&self, view: usize) -> bool {
        matches!(self.mounts[view], Mount::Fixed(_)) && self.turns.iter().all(|turn| turn.camera != view)
    }

    /// A camera at a time.
    ///
    /// # Errors
    /// A moving camera that comes to stand exactly where it looks.
    pub fn at(&self, view: usize, time_s: f64, subject: &Subject) -> Result<Camera, RigError> {
        let failed = |cause| RigError::Camera { camera: view, cause: Box::new(cause) };
        let camera = self.mounts[view].at(time_s, subject).map_err(failed)?;
        Ok(self.turns.iter().fold(camera, |camera, turn| turn.apply(view, time_s, camera)))
    }
}

#[cfg(test)]
mod tests;
