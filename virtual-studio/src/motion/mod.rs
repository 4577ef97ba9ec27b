//! Motions: the pose of a body at any time.
//!
//! A [`Clip`] is motion capture from a [BVH file](bvh), [retargeted](retarget) onto the canonical skeleton, or from a
//! [packed](Clip::pack) one. [`Markers`] give a motion of a real person, in its original place. A
//! [`procedural`] motion needs no file. [`widen`] turns motions into others by seed, and [`Grounded`] puts one on the
//! floor for one actor.

pub mod action;
pub mod bvh;
mod clip;
mod file;
mod footing;
mod grounded;
mod limits;
mod markers;
mod names;
mod pack;
pub mod procedural;
pub mod retarget;
pub mod widen;

pub use clip::Clip;
pub use grounded::Grounded;
pub use markers::Markers;

pub(crate) use markers::from_z_up_mm;

use crate::actor::SkeletonPose;

/// The pose of a body at any time.
pub trait Motion: Send + Sync {
    fn duration_s(&self) -> f64;

    /// The pose at a time from 0 to [`Self::duration_s`]; times outside are clamped.
    fn at(&self, time_s: f64) -> SkeletonPose;
}

impl<M: Motion + ?Sized> Motion for std::sync::Arc<M> {
    fn duration_s(&self) -> f64 {
        (**self).duration_s()
    }

    fn at(&self, time_s: f64) -> SkeletonPose {
        (**self).at(time_s)
    }
}
