//! Finds one camera, a new or a moved one, from points that the others triangulated (resection).

use nalgebra::{Cholesky, Matrix3, SMatrix, SVector, Vector2, Vector3};

use crate::camera::Lens;
use crate::error::GeometryError;
use crate::exchange::exchange;
use crate::loss::{pixel_loss, pixel_weight};
use crate::median::median;
use crate::observation::{Observation, PixelView};
use crate::options::Options;
use crate::points::{POINT_COUNT, Points};
use crate::priors::{FOCAL_SIGMA, FOCALS_TO_TRY, OFFSET_SIGMA, SIGMA_PX};
use crate::rotation::{between_clouds, turn};
use crate::single_view::in_camera_axes;
use crate::solution::SolvedCamera;

/// Rotation, translation, logarithm of the focal length, offset in time.
const UNKNOWNS: usize = 8;

/// Rounds of the first linear search for the translation.
const PLACING_ROUNDS: usize = 8;

/// How much larger the residual may be than in a common solution, since the points were not fitted to this camera.
const UNFITTED: f64 = 2.0;

const ROUNDS: usize = 60;
const TRIES: usize = 8;

/// An instant that both the others and this camera saw.
struct Instant<'a> {
    points: &'a Points,
    seen: &'a Observation,
    view: PixelView,
}

/// Finds one camera in a world whose points are known from others: `points_mm` and `views` are the points and this
/// camera's view per instant, in the same order. Of `options` it uses the first focal length (fixed if given), the
/// offset in time, the least number of instants, and twice the largest residual, since the points were not fitted to
/// this camera. The points are taken as exact, so no uncertainty is computed.
///
/// # Errors
/// As [`crate::solve`]; the camera is called 0 in errors.
pub fn find_camera(
    size_px: [f64; 2],
    points_mm: &[Option<Points>],
    views: &[Option<Observation>],
    options: &Options,
) -> Result<SolvedCamera, GeometryError> {
    let [width, height] = size_px;
    if ![width, height].iter().all(|side| side.is_finite() && *side >= 1.0) {
        return Err(GeometryError::BadPictureSize { camera: 0, width, height });
    }
    let long_side = width.max(height);
    let given = match options.focal_px.as_deref() {
        Some([focal, ..]) if focal.is_finite() && *focal > 0.0 => Some(*focal),
        Some(focals) => return Err(GeometryError::BadFocalLengths { count: focals.len(), cameras: 1 }),
        None => None,
    };
    let instants: Vec<(&Points, &Observation)> = points_mm
        .iter()
        .zip(views)
        .filter_map(|(points, view)| Some((points.as_ref()?, view.as_ref().filter(|view| view.usable())?)))
        .filter(|(points, _)| points.iter().flatten().all(|value| value.is_finite()))
        .collect();
    let needed = options.min_instants.max(1);
    if instants.len() < needed {
        return Err(GeometryError::TooFewInstants { found: instants.len(), needed });
    }
    let focals = given.map_or_else(|| FOCALS_TO_TRY.map(|part| part * long_side).to_vec(), |focal| vec![focal]);
    let mut best: Option<(f64, Search)> = None;
    for focal in focals {
        let Some(mut search) = Search::begin(size_px, focal, &instants) else { continue };
        search.free_focal = given.is_none();
        search.free_offset = options.time_offsets && search.moves();
        let cost = search.stages();
        if cost.is_finite() && best.as_ref().is_none_or(|(least, _)| cost < *least) {
            best = Some((cost, search));
        }
    }
    let (_, search) = best.ok_or(GeometryError::NotConverged)?;
    let residual_px = search.residual().ok_or(GeometryError::NotConverged)?;
    let limit_px = UNFITTED * options.max_residual * long_side;
    if residual_px > limit_px {
        return Err(GeometryError::ResidualTooHigh { camera: 0, residual_px, limit_px });
    }
    let offset = search.free_offset.then_some(search.lens.offset);
    Ok(SolvedCamera { camera: search.lens.camera(offset), residual_px, uncertainty: None })
}

struct Search<'a> {
    lens: Lens,
    log_focal: f64,
    instants: Vec<Instant<'a>>,
    sigma_px: f64,
    free_focal: bool,
    free_offset: bool,
}

impl<'a> Search<'a> {
    /// The rotation from the view's own 3D joints, then the translation by linear equations.
    fn begin(size_px: [f64; 2], focal: f64, instants: &[(&'a Points, &'a Observation)]) -> Option<Self> {
        let centre = 0.5 * Vector2::from(size_px);
        let middle = |points: &Points| points.iter().sum::<Vector3<f64>>() / POINT_COUNT as f64;
        let mut pairs = Vec::new();
        for (points, seen) in instants {
            let own = in_camera_axes(seen, focal, &centre);
            let (from, to) = (middle(points), middle(&own));
            pairs.extend((0..POINT_COUNT).map(|at| (points[at] - from, own[at] - to, seen.believed(at))));
        }
        let rotation = between_clouds(&pairs)?;
        let translation = place(&rotation, focal, &centre, instants)?;
        let lens = Lens { rotation, translation, focal, centre, offset: 0.0 };
        let instants =
            instants.iter().map(|(points, seen)| Instant { points, seen, view: PixelView::of(seen) }).collect();
        Some(Self { lens, log_focal: 0.0, instants, sigma_px: 25.0, free_focal: false, free_offset: false })
    }

    fn moves(&self) -> bool {
        self.instants.iter().any(|instant| instant.seen.velocity_px.is_some())
    }

    /// Adjusts with ever smaller standard deviations, and corrects views with exchanged sides in between. Returns the
    /// cost.
    fn stages(&mut self) -> f64 {
        let free_focal = std::mem::take(&mut self.free_focal);
        self.settle();
        self.free_focal = free_focal;
        self.sigma_px = 12.0;
        self.settle();
        for instant in &mut self.instants {
            exchange(&self.lens, &mut instant.view, instant.points);
        }
        self.sigma_px = SIGMA_PX;
        self.settle()
    }

    fn settle(&mut self) -> f64 {
        let mut damping = 1e-3f64;
        let mut cost = self.cost(&self.lens, self.log_focal);
        for _ in 0..ROUNDS {
            let (matrix, slope) = self.normal();
            let mut moved = None;
            for _ in 0..TRIES {
                let mut damped = matrix;
                for at in 0..UNKNOWNS {
                    damped[(at, at)] += damping * damped[(at, at)] + 1e-9;
                }
                if let Some(step) = Cholesky::new(damped).map(|cholesky| -cholesky.solve(&slope)) {
                    let (lens, log_focal) = self.stepped(&step);
                    let next = self.cost(&lens, log_focal);
                    if next.is_finite() && next < cost {
                        moved = Some((lens, log_focal, next));
                        break;
                    }
                }
                damping = (damping * 5.0).max(1e-4);
            }
            let Some((lens, log_focal, next)) = moved else { break };
            let done = cost - next < 1e-7 * cost;
            (self.lens, self.log_focal, cost) = (lens, log_focal, next);
            damping = (damping / 5.0).max(1e-9);
            if done {
                break;
            }
        }
        cost
    }

    fn stepped(&self, step: &SVector<f64, UNKNOWNS>) -> (Lens, f64) {
        let mut lens = self.lens.clone();
        lens.rotation = turn(&step.fixed_rows::<3>(0).into_owned()) * lens.rotation;
        lens.translation += step.fixed_rows::<3>(3);
        lens.focal *= step[6].exp();
        lens.offset += step[7];
        (lens, self.log_focal + step[6])
    }

    fn cost(&self, lens: &Lens, log_focal: f64) -> f64 {
        let sigma = self.sigma_px * lens.unit();
        let mut cost = (log_focal / FOCAL_SIGMA).powi(2) + (lens.offset / OFFSET_SIGMA).powi(2);
        for Instant { points, view, .. } in &self.instants {
            for point in (0..POINT_COUNT).filter(|&point| view.weight[point] > 0.0) {
                let error = (lens.project(&points[point]).px - view.earlier(point, lens.offset)).norm();
                cost += view.weight[point] * pixel_loss(error / sigma);
            }
        }
        cost
    }

    fn normal(&self) -> (SMatrix<f64, UNKNOWNS, UNKNOWNS>, SVector<f64, UNKNOWNS>) {
        let lens = &self.lens;
        let sigma = self.sigma_px * lens.unit();
        let mut matrix = SMatrix::zeros();
        let mut slope = SVector::zeros();
        for Instant { points, view, .. } in &self.instants {
            for point in (0..POINT_COUNT).filter(|&point| view.weight[point] > 0.0) {
                let seen = lens.project(&points[point]);
                let residual = seen.px - view.earlier(point, lens.offset);
                let by_pose = seen.by_pose(lens.focal);
                let mut ways = SMatrix::<f64, 2, UNKNOWNS>::zeros();
                ways.fixed_view_mut::<2, 6>(0, 0).copy_from(&by_pose);
                if self.free_focal {
                    ways.set_column(6, &(seen.px - lens.centre));
                }
                if self.free_offset {
                    ways.set_column(7, &view.velocity[point]);
                }
                let weight = view.weight[point] * pixel_weight(residual.norm() / sigma) / (sigma * sigma);
                matrix += weight * ways.transpose() * ways;
                slope += weight * ways.transpose() * residual;
            }
        }
        matrix[(6, 6)] += FOCAL_SIGMA.powi(-2);
        slope[6] += self.log_focal * FOCAL_SIGMA.powi(-2);
        matrix[(7, 7)] += OFFSET_SIGMA.powi(-2);
        slope[7] += lens.offset * OFFSET_SIGMA.powi(-2);
        (matrix, slope)
    }

    fn residual(&self) -> Option<f64> {
        let mut errors = Vec::new();
        for Instant { points, view, .. } in &self.instants {
            for point in (0..POINT_COUNT).filter(|&point| view.weight[point] > 0.0) {
                errors.push((self.lens.project(&points[point]).px - view.earlier(point, self.lens.offset)).norm());
            }
        }
        median(&mut errors)
    }
}

/// The translation that fits the pixels best with the rotation known, robust against outliers.
fn place(
    rotation: &Matrix3<f64>,
    focal: f64,
    centre: &Vector2<f64>,
    instants: &[(&Points, &Observation)],
) -> Option<Vector3<f64>> {
    let mut rows = Vec::new();
    for (points, seen) in instants {
        for point in (0..POINT_COUNT).filter(|&point| seen.believed(point) > 0.0) {
            let slope = (Vector2::from(seen.px[point]) - centre) / focal;
            rows.push((rotation * points[point], slope, seen.believed(point)));
        }
    }
    let mut weights: Vec<f64> = rows.iter().map(|row| row.2).collect();
    let mut found = Vector3::zeros();
    for _ in 0..PLACING_ROUNDS {
        let (mut left, mut right) = (Matrix3::zeros(), Vector3::zeros());
        for ((body, slope, _), weight) in rows.iter().zip(&weights) {
            for axis in 0..2 {
                let mut row = Vector3::new(0.0, 0.0, -slope[axis]);
                row[axis] = 1.0;
                left += *weight * row * row.transpose();
                right += *weight * (slope[axis] * body.z - body[axis]) * row;
            }
        }
        found = left.try_inverse()? * right;
        let errors: Vec<f64> = rows
            .iter()
            .map(|(body, slope, _)| {
                let seen = body + found;
                (seen.xy() / seen.z - slope).norm()
            })
            .collect();
        let scale = median(&mut errors.clone())? + 1e-9;
        for ((weight, row), error) in weights.iter_mut().zip(&rows).zip(&errors) {
            *weight = row.2 / (1.0 + (error / scale).powi(2));
        }
    }
    found.iter().all(|value| value.is_finite()).then_some(found)
}
