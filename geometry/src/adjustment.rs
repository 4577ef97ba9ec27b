//! Cameras, bone lengths and points moved together until pixels and bones fit (Levenberg-Marquardt).

use nalgebra::Vector3;

use crate::camera::Lens;
use crate::error::GeometryError;
use crate::linear;
use crate::loss::{bone_loss, pixel_loss};
use crate::normal::{Layout, Normal, Step};
use crate::observation::View;
use crate::points::{BONES, GROUP_COUNT, POINT_COUNT};
use crate::rotation::turn;
use crate::solve::{BONE_SIGMA_MM, SIGMA_PX};

/// How far the logarithm of the focal length strays from the start.
pub(crate) const FOCAL_SIGMA: f64 = 0.1;

/// How far an offset in time strays, in frames.
pub(crate) const OFFSET_SIGMA: f64 = 5.0;

/// How far the sum of all bone lengths strays, in millimetres: it is the scale and all but held.
pub(crate) const LENGTH_SUM_SIGMA_MM: f64 = 1.0;

/// Tries with more damping before a round gives up.
const TRIES: usize = 8;

/// What may move.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Free {
    /// Rotations and positions of all cameras but camera 0, and the lengths of bones.
    pub rig: bool,
    /// One logarithm of the focal length, shared by all cameras.
    pub focal: bool,
    /// The offset in time of every camera but camera 0.
    pub offsets: bool,
}

/// Everything that moves.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub lenses: Vec<Lens>,
    pub log_focal: f64,
    pub lengths: [f64; GROUP_COUNT],
    pub points: Vec<[Vector3<f64>; POINT_COUNT]>,
}

pub(crate) struct Adjustment {
    /// Per instant and camera.
    pub views: Vec<Vec<View>>,
    pub state: State,
    /// What the bone lengths add up to, in millimetres.
    pub length_sum: f64,
    pub free: Free,
    /// The standard deviation of a pixel error, in pictures of the reference size.
    pub sigma_px: f64,
    /// The standard deviation of a bone's length.
    pub bone_sigma_mm: f64,
}

impl Adjustment {
    /// One instant whose points alone move, as sharply as the last stage.
    pub(crate) fn of_points(
        lenses: Vec<Lens>,
        lengths: [f64; GROUP_COUNT],
        views: Vec<View>,
        points: [Vector3<f64>; POINT_COUNT],
    ) -> Self {
        Self {
            views: vec![views],
            state: State { lenses, log_focal: 0.0, lengths, points: vec![points] },
            length_sum: 0.0,
            free: Free { rig: false, focal: false, offsets: false },
            sigma_px: SIGMA_PX,
            bone_sigma_mm: BONE_SIGMA_MM,
        }
    }

    /// What one instant costs with these points.
    fn instant_cost(&self, state: &State, instant: usize, points: &[Vector3<f64>; POINT_COUNT]) -> f64 {
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

    fn cost(&self, state: &State) -> f64 {
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

    /// Moves everything free until a round saves less than `tolerance` of the cost. Returns the cost.
    pub(crate) fn settle(&mut self, rounds: usize, tolerance: f64) -> Result<f64, GeometryError> {
        let mut damping = 1e-3f64;
        let mut cost = self.cost(&self.state);
        for _ in 0..rounds {
            let normal = Normal::build(self);
            let mut moved = None;
            for _ in 0..TRIES {
                if let Some(step) = normal.solve(damping) {
                    let state = self.stepped(&normal.layout, &step);
                    let next = self.cost(&state);
                    if next.is_finite() && next < cost {
                        moved = Some((state, next));
                        break;
                    }
                }
                damping = (damping * 5.0).max(1e-4);
            }
            let Some((state, next)) = moved else { break };
            self.state = state;
            damping = (damping / 5.0).max(1e-9);
            let done = cost - next < tolerance * cost;
            cost = next;
            if done {
                break;
            }
        }
        if cost.is_finite() { Ok(cost) } else { Err(GeometryError::NotConverged) }
    }

    fn stepped(&self, layout: &Layout, step: &Step) -> State {
        let Step { globals, points } = step;
        let mut state = self.state.clone();
        for (points, steps) in state.points.iter_mut().zip(points) {
            for (point, step) in points.iter_mut().zip(steps) {
                *point += step;
            }
        }
        let three = |at: usize| Vector3::new(globals[at], globals[at + 1], globals[at + 2]);
        let focal = layout.focal.map_or(0.0, |at| globals[at]);
        state.log_focal += focal;
        for (camera, lens) in state.lenses.iter_mut().enumerate() {
            lens.focal *= focal.exp();
            if let Some(at) = layout.pose(camera) {
                lens.rotation = turn(&three(at)) * lens.rotation;
                lens.translation += three(at + 3);
            }
            if let Some(at) = layout.offset(camera) {
                lens.offset += globals[at];
            }
        }
        if let Some(at) = layout.lengths {
            for (group, length) in state.lengths.iter_mut().enumerate() {
                *length += globals[at + group];
            }
        }
        state
    }

    /// Gives each instant the cheapest of its own points, fresh ones and its neighbours'. Returns whether any moved.
    pub(crate) fn reinitialise(&mut self) -> bool {
        let old = self.state.points.clone();
        let count = old.len();
        let mut moved = false;
        for instant in 0..count {
            let fresh = linear::instant(&self.state.lenses, &self.views[instant]);
            let fresh = std::array::from_fn(|point| fresh[point].unwrap_or(old[instant][point]));
            let neighbours = [old[(instant + 1) % count], old[(instant + count - 1) % count]];
            let mut best = self.instant_cost(&self.state, instant, &old[instant]);
            for candidate in [fresh, neighbours[0], neighbours[1]] {
                let cost = self.instant_cost(&self.state, instant, &candidate);
                if cost < best {
                    best = cost;
                    self.state.points[instant] = candidate;
                    moved = true;
                }
            }
        }
        moved
    }
}
