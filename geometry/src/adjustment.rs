//! An adjustment: what it moves, what it is fitted to, and its cost.

use nalgebra::Vector3;

use crate::camera::Lens;
use crate::loss::{bone_loss, pixel_loss};
use crate::observation::PixelView;
use crate::points::{BONES, GROUP_COUNT, POINT_COUNT};
use crate::priors::{BONE_SIGMA_MM, FOCAL_SIGMA, LENGTH_SUM_SIGMA_MM, OFFSET_SIGMA, SIGMA_PX};

/// What may move, besides the points.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Free {
    /// Rotations and positions of all cameras but camera 0, and the lengths of bones.
    pub rig: bool,
    /// The logarithm of the focal length, one for all cameras.
    pub focal: bool,
    /// The offset in time of every camera but camera 0.
    pub offsets: bool,
}

/// Everything that may move.
#[derive(Clone, Debug)]
pub(crate) struct RigState {
    pub lenses: Vec<Lens>,
    pub log_focal: f64,
    pub lengths: [f64; GROUP_COUNT],
    pub points: Vec<[Vector3<f64>; POINT_COUNT]>,
}

/// Cameras, bone lengths and points that are moved together until pixels and bones fit.
pub(crate) struct Adjustment {
    /// Per instant and camera.
    pub views: Vec<Vec<PixelView>>,
    pub state: RigState,
    /// The sum of the bone lengths, in millimetres.
    pub length_sum: f64,
    pub free: Free,
    /// The standard deviation of a pixel error, in pictures of the reference size.
    pub sigma_px: f64,
    /// The standard deviation of a bone's length.
    pub bone_sigma_mm: f64,
}

impl Adjustment {
    /// One instant of which only the points move, with the standard deviations of the last stage.
    pub(crate) fn of_points(
        lenses: Vec<Lens>,
        lengths: [f64; GROUP_COUNT],
        views: Vec<PixelView>,
        points: [Vector3<f64>; POINT_COUNT],
    ) -> Self {
        Self {
            views: vec![views],
            state: RigState { lenses, log_focal: 0.0, lengths, points: vec![points] },
            length_sum: 0.0,
            free: Free { rig: false, focal: false, offsets: false },
            sigma_px: SIGMA_PX,
            bone_sigma_mm: BONE_SIGMA_MM,
        }
    }

    /// The cost of one instant with these points.
    pub(crate) fn instant_cost(&self, state: &RigState, instant: usize, points: &[Vector3<f64>; POINT_COUNT]) -> f64 {
        let mut cost = 0.0;
        for (lens, view) in state.lenses.iter().zip(&self.views[instant]) {
            for (point, world) in points.iter().enumerate() {
                if view.weight[point] > 0.0 {
                    let error = (lens.project(world).px - view.earlier(point, lens.offset)).norm();
                    cost += view.weight[point] * pixel_loss(error / (self.sigma_px * lens.unit()));
                }
            }
        }
        for bone in &BONES {
            let length = (points[bone.from] - points[bone.to]).norm();
            cost += bone_loss((length - state.lengths[bone.group]) / self.bone_sigma_mm);
        }
        cost
    }

    pub(crate) fn cost(&self, state: &RigState) -> f64 {
        let mut cost: f64 =
            state.points.iter().enumerate().map(|(instant, points)| self.instant_cost(state, instant, points)).sum();
        if self.free.rig {
            cost += ((state.lengths.iter().sum::<f64>() - self.length_sum) / LENGTH_SUM_SIGMA_MM).powi(2);
        }
        if self.free.focal {
            cost += (state.log_focal / FOCAL_SIGMA).powi(2);
        }
        if self.free.offsets {
            cost += state.lenses.iter().map(|lens| (lens.offset / OFFSET_SIGMA).powi(2)).sum::<f64>();
        }
        cost
    }
}
