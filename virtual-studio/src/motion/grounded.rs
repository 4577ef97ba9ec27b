//! Puts motions on the floor for one actor.

use crate::actor::{Actor, SkeletonPose};

use super::Motion;

/// A motion on the floor.
///
/// The body is lifted by one height for the whole motion, so that its lowest point of all is on the floor. Jumps and
/// climbs leave the floor as they were captured.
#[derive(Clone, Debug)]
pub struct Grounded<M> {
    motion: M,
    lift: f32,
}

/// How often the lowest point is sampled.
const STEP_S: f64 = 1.0 / 30.0;

impl<M: Motion> Grounded<M> {
    /// Samples the whole motion for the lowest point of this actor.
    pub fn new(motion: M, actor: &Actor) -> Self {
        let steps = (motion.duration_s() / STEP_S).ceil() as usize;
        let lowest = |step: usize| actor.lowest_m(&motion.at(step as f64 * STEP_S));
        let lowest_m = (0..=steps).map(lowest).fold(f32::INFINITY, f32::min);
        Self { lift: -lowest_m / actor.leg_m(), motion }
    }
}

impl<M: Motion> Motion for Grounded<M> {
    fn duration_s(&self) -> f64 {
        self.motion.duration_s()
    }

    fn at(&self, time_s: f64) -> SkeletonPose {
        let mut pose = self.motion.at(time_s);
        pose.root.y += self.lift;
        pose
    }
}
