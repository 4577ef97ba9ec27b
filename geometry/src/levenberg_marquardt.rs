//! Minimises an adjustment's cost (Levenberg-Marquardt).

use nalgebra::Vector3;

use crate::adjustment::{Adjustment, RigState};
use crate::error::GeometryError;
use crate::linear_triangulation;
use crate::normal_equations::{EquationStep, NormalEquations, UnknownLayout};
use crate::rotation::turn;

/// How often the damping is increased before a round gives up.
const DAMPING_TRIES: usize = 8;

impl Adjustment {
    /// Moves everything free until a round saves less than `tolerance` of the cost. Returns the cost.
    ///
    /// # Errors
    /// [`GeometryError::NotConverged`] if the cost is not finite.
    pub(crate) fn settle(&mut self, rounds: usize, tolerance: f64) -> Result<f64, GeometryError> {
        let mut damping = 1e-3f64;
        let mut cost = self.cost(&self.state);
        for _ in 0..rounds {
            let normal = NormalEquations::build(self);
            let mut moved = None;
            for _ in 0..DAMPING_TRIES {
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

    fn stepped(&self, layout: &UnknownLayout, step: &EquationStep) -> RigState {
        let EquationStep { globals, points } = step;
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

    /// Gives each instant the cheapest of its own points, newly triangulated ones and its neighbours'. Returns whether
    /// any changed.
    pub(crate) fn reinitialise(&mut self) -> bool {
        let old = self.state.points.clone();
        let count = old.len();
        let mut moved = false;
        for instant in 0..count {
            let fresh = linear_triangulation::all_points(&self.state.lenses, &self.views[instant]);
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
