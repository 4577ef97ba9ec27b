//! A first guess of the rig: rotations from the views' own 3D joints, then positions from the pixels.

use nalgebra::{Matrix3, Vector2, Vector3};

use crate::error::GeometryError;
use crate::median::median;
use crate::observation::Observation;
use crate::points::{POINT_COUNT, Points};
use crate::rotation::{between_clouds, nearest};
use crate::sides::{Sides, judge};
use crate::single_view::{in_camera_axes, slope, translation};

/// Rounds of averaging rotations over all pairs of cameras.
const AVERAGING_ROUNDS: usize = 20;

/// Rounds of reweighting when a person is placed in front of one camera.
const PLACING_ROUNDS: usize = 6;

/// What the guess is made from.
pub(crate) struct GuessInput<'a> {
    /// Per camera, in pixels.
    pub focal: &'a [f64],
    /// Per camera, in pixels.
    pub centre: &'a [Vector2<f64>],
    /// Per instant and camera.
    pub instants: &'a [Vec<Option<&'a Observation>>],
    /// How many instants two cameras must share to be compared.
    pub min_shared: usize,
}

/// Rotation and translation per camera (x_camera = R x + t), and the points of each instant.
pub(crate) struct FirstGuess {
    pub rotations: Vec<Matrix3<f64>>,
    pub translations: Vec<Vector3<f64>>,
    pub points: Vec<Points>,
}

impl GuessInput<'_> {
    pub(crate) fn guess(&self) -> Result<FirstGuess, GeometryError> {
        let bodies_seen = self.all_in_camera_axes();
        let rotations = self.rotations(&bodies_seen)?;
        let bodies: Vec<Points> = bodies_seen.iter().map(|views| fused(&rotations, views)).collect();
        let places = self.places(&rotations, &bodies);
        let positions = self.positions(&places)?;
        let translations =
            rotations.iter().zip(&positions).map(|(rotation, position)| -(rotation * position)).collect();
        let points = bodies
            .iter()
            .zip(&places)
            .map(|(body, places)| {
                let root = places.iter().zip(&positions).find_map(|(place, position)| Some((*place)? + position));
                body.map(|point| point + root.unwrap_or_else(Vector3::zeros))
            })
            .collect();
        Ok(FirstGuess { rotations, translations, points })
    }

    fn all_in_camera_axes(&self) -> Vec<Vec<Option<Points>>> {
        let view = |views: &[Option<&Observation>], camera: usize| Some(self.in_camera_axes(camera, views[camera]?));
        self.instants.iter().map(|views| (0..views.len()).map(|camera| view(views, camera)).collect()).collect()
    }

    /// What the views' own 3D joints tell about left and right, per instant.
    pub(crate) fn sides(&self) -> Result<Vec<Sides>, GeometryError> {
        let rotations = self.rotations(&self.all_in_camera_axes())?;
        let judged = self.instants.iter().map(|views| {
            let both = views.iter().enumerate().map(|(camera, view)| {
                let view = (*view)?;
                Some((self.in_camera_axes(camera, view), self.in_camera_axes(camera, &view.exchanged())))
            });
            judge(&rotations, &both.collect::<Vec<_>>())
        });
        Ok(judged.collect())
    }

    /// A view's 3D joints in the axes of the real camera.
    fn in_camera_axes(&self, camera: usize, view: &Observation) -> Points {
        in_camera_axes(view, self.focal[camera], &self.centre[camera])
    }

    fn rotations(&self, bodies_seen: &[Vec<Option<Points>>]) -> Result<Vec<Matrix3<f64>>, GeometryError> {
        let count = self.focal.len();
        let mut between = vec![vec![None; count]; count];
        let mut shared = vec![vec![0; count]; count];
        for from in 0..count {
            between[from][from] = Some(Matrix3::identity());
            for to in from + 1..count {
                let mut pairs = Vec::new();
                for (views, bodies_seen) in self.instants.iter().zip(bodies_seen) {
                    let (Some(view_a), Some(view_b)) = (views[from], views[to]) else { continue };
                    let (Some(a), Some(b)) = (&bodies_seen[from], &bodies_seen[to]) else { continue };
                    shared[from][to] += 1;
                    let (mean_a, mean_b) = (mean(a), mean(b));
                    for point in 0..POINT_COUNT {
                        let weight = (view_a.believed(point) * view_b.believed(point)).sqrt();
                        pairs.push((a[point] - mean_a, b[point] - mean_b, weight));
                    }
                }
                shared[to][from] = shared[from][to];
                if shared[from][to] >= self.min_shared {
                    let rotation = between_clouds(&pairs);
                    between[from][to] = rotation;
                    between[to][from] = rotation.map(|rotation| rotation.transpose());
                }
            }
        }
        self.averaged(&between, &shared)
    }

    /// One rotation per camera from those between pairs: along the pairs that share most, then averaged over all.
    fn averaged(
        &self,
        between: &[Vec<Option<Matrix3<f64>>>],
        shared: &[Vec<usize>],
    ) -> Result<Vec<Matrix3<f64>>, GeometryError> {
        let count = between.len();
        let mut known: Vec<Option<Matrix3<f64>>> = vec![None; count];
        known[0] = Some(Matrix3::identity());
        while let Some(camera) = known.iter().position(Option::is_none) {
            let next = (0..count)
                .filter(|&to| known[to].is_none())
                .flat_map(|to| (0..count).map(move |from| (from, to)))
                .filter_map(|(from, to)| Some((shared[from][to], to, between[from][to]? * known[from]?)))
                .max_by_key(|(instants, ..)| *instants);
            let Some((_, to, rotation)) = next else {
                let found = (0..count).filter(|&from| known[from].is_some()).map(|from| shared[from][camera]).max();
                return Err(GeometryError::CameraApart { camera, found: found.unwrap_or(0), needed: self.min_shared });
            };
            known[to] = Some(rotation);
        }
        let mut rotations: Vec<Matrix3<f64>> = known.into_iter().flatten().collect();
        for _ in 0..AVERAGING_ROUNDS {
            let next: Option<Vec<_>> = (0..count)
                .map(|to| nearest(&(0..count).filter_map(|from| Some(between[from][to]? * rotations[from])).sum()))
                .collect();
            let next = next.ok_or(GeometryError::NotConverged)?;
            let back = next[0].transpose();
            rotations = next.iter().map(|rotation| rotation * back).collect();
        }
        Ok(rotations)
    }

    /// Per instant and camera the middle of the hips relative to that camera, in camera 0's axes.
    fn places(&self, rotations: &[Matrix3<f64>], bodies: &[Points]) -> Vec<Vec<Option<Vector3<f64>>>> {
        let mut places = vec![vec![None; rotations.len()]; bodies.len()];
        for (camera, rotation) in rotations.iter().enumerate() {
            let rows: Vec<(usize, Points, &Observation)> = (0..bodies.len())
                .filter_map(|instant| {
                    let body = bodies[instant].map(|point| rotation * point);
                    Some((instant, body, self.instants[instant][camera]?))
                })
                .collect();
            let mut reweighted = vec![[1.0; POINT_COUNT]; rows.len()];
            for _ in 0..PLACING_ROUNDS {
                let mut errors = vec![[f64::NAN; POINT_COUNT]; rows.len()];
                for ((instant, body, view), (weights, errors)) in rows.iter().zip(reweighted.iter().zip(&mut errors)) {
                    let place = translation(view, self.focal[camera], &self.centre[camera], body, weights);
                    places[*instant][camera] = place.map(|place| rotation.transpose() * place);
                    let Some(place) = place else { continue };
                    for point in (0..POINT_COUNT).filter(|&point| view.believed(point) > 0.0) {
                        let seen = body[point] + place;
                        let slope = slope(view, self.focal[camera], &self.centre[camera], point);
                        errors[point] = (seen.xy() / seen.z - slope).norm();
                    }
                }
                let Some(scale) = median(&mut errors.iter().flatten().copied().collect()) else { break };
                for (weight, error) in reweighted.iter_mut().flatten().zip(errors.iter().flatten()) {
                    *weight = if error.is_finite() { 1.0 / (1.0 + (error / (scale + 1e-9)).powi(2)) } else { 0.0 };
                }
            }
        }
        places
    }

    /// The cameras' positions, one after the other relative to those already known, camera 0 at the origin.
    fn positions(&self, places: &[Vec<Option<Vector3<f64>>>]) -> Result<Vec<Vector3<f64>>, GeometryError> {
        let count = self.focal.len();
        let mut known: Vec<Option<Vector3<f64>>> = vec![None; count];
        known[0] = Some(Vector3::zeros());
        while let Some(missing) = known.iter().position(Option::is_none) {
            let mut best = (0, missing, Vec::new());
            for camera in (0..count).filter(|&camera| known[camera].is_none()) {
                let offsets: Vec<Vector3<f64>> = places
                    .iter()
                    .filter_map(|places| {
                        let root = (0..count).find_map(|other| Some(known[other]? + places[other]?))?;
                        Some(root - places[camera]?)
                    })
                    .collect();
                if offsets.len() > best.0 {
                    best = (offsets.len(), camera, offsets);
                }
            }
            let (found, camera, offsets) = best;
            if found < self.min_shared {
                return Err(GeometryError::CameraApart { camera, found, needed: self.min_shared });
            }
            let middle = |axis: usize| median(&mut offsets.iter().map(|offset| offset[axis]).collect()).unwrap_or(0.0);
            known[camera] = Some(Vector3::new(middle(0), middle(1), middle(2)));
        }
        Ok(known.into_iter().flatten().collect())
    }
}

fn mean(points: &Points) -> Vector3<f64> {
    points.iter().sum::<Vector3<f64>>() / POINT_COUNT as f64
}

/// The mean of all views' bodies in camera 0's axes, relative to the middle of the hips.
fn fused(rotations: &[Matrix3<f64>], views: &[Option<Points>]) -> Points {
    let mut sum = [Vector3::zeros(); POINT_COUNT];
    let mut count = 0.0f64;
    for (rotation, points) in rotations.iter().zip(views) {
        let Some(points) = points else { continue };
        count += 1.0;
        for (sum, point) in sum.iter_mut().zip(points) {
            *sum += rotation.transpose() * point;
        }
    }
    sum.map(|point| point / count.max(1.0))
}
