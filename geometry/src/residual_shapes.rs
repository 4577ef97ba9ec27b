//! Fits trends to residuals that show distorting lenses and rolling shutters.
//!
//! All cameras are fitted together, by one linear step from the given rig with all points free to follow. So the part
//! of a fault that points, rotations, positions and focal lengths had absorbed is found, too.

use nalgebra::{DMatrix, DVector, Matrix2, Matrix3, SMatrix, SVector, Vector2, Vector3};

use crate::camera::{Camera, Lens};
use crate::error::GeometryError;
use crate::lens_fault::{ResidualShape, Trend};
use crate::loss::pixel_weight;
use crate::median::median;
use crate::observation::{Observation, PixelView};
use crate::points::POINT_COUNT;
use crate::triangulate::prepared;

/// What a joint's residual in a camera depends on: the camera's rotation, translation, logarithm of the focal length,
/// offset in time, lens and read-out, and the joint finder's constant error for this joint in this camera.
const COLUMNS: usize = 12;
const OF_CAMERA: usize = 10;
const LENS: usize = 8;
const READOUT: usize = 9;

/// The standard deviation of each of these, in radians, millimetres, parts, frames, parts of the longer side, frames
/// and again parts of the longer side.
const PRIOR_SIGMAS: [f64; COLUMNS] = [0.1, 0.1, 0.1, 500.0, 500.0, 500.0, 0.2, 5.0, 0.2, 2.0, 0.02, 0.02];

/// The number of values of one camera.
const PER_CAMERA: usize = OF_CAMERA + 2 * POINT_COUNT;

type Columns = SVector<f64, COLUMNS>;
type PointByCamera = SMatrix<f64, 3, COLUMNS>;

/// The fewest instants that trends are fitted to.
const MIN_INSTANTS: usize = 40;

/// Rounds of reweighting, in which outliers lose their weight.
const ROUNDS: usize = 6;

/// A joint finder's errors last for an unknown number of instants, so whole stretches of time count as one sample: this
/// many short ones, or this many long ones, whichever gives the larger variance.
const STRETCHES: [usize; 2] = [48, 12];

/// The trends in each camera's residuals over consecutive instants. `points_mm` are the bodies found, in the world of
/// the cameras; `instants` the views that they were found from, with left and right as in the bodies, and with
/// velocities for the read-out to be found. `None` if fewer than 40 instants have a body.
///
/// # Errors
/// If there are fewer than two cameras or not one view per camera, or the fit does not converge.
pub fn residual_shapes(
    cameras: &[Camera],
    points_mm: &[Option<[Vector3<f64>; POINT_COUNT]>],
    instants: &[Vec<Option<Observation>>],
) -> Result<Option<Vec<ResidualShape>>, GeometryError> {
    let (mut sights, mut lenses) = (Vec::new(), Vec::new());
    let found = points_mm.iter().zip(instants).filter_map(|(points, views)| Some((points.as_ref()?, views)));
    let found: Vec<_> = found.collect();
    for (instant, (points, views)) in found.iter().enumerate() {
        let (of_cameras, views) = prepared(cameras, views)?;
        for (point, world) in points.iter().enumerate() {
            let views = of_cameras.iter().zip(&views).zip(cameras).enumerate();
            let ray = |(camera, ((lens, view), of)): (usize, ((&Lens, &PixelView), &Camera))| {
                let before = of.project(world).is_some();
                (before && view.weight[point] > 0.0).then(|| {
                    let seen = view.earlier(point, lens.offset);
                    Ray::new(camera, lens, world, seen, view.velocity[point], view.weight[point])
                })
            };
            let rays: Vec<Ray> = views.filter_map(ray).collect();
            if rays.len() >= 2 {
                sights.push(Sight { rays, point, time: instant as f64 / found.len() as f64 });
            }
        }
        lenses = of_cameras;
    }
    if found.len() < MIN_INSTANTS || sights.is_empty() {
        return Ok(None);
    }
    let (values, variances) = fit(&lenses, &mut sights).ok_or(GeometryError::NotConverged)?;
    let trend = |at: usize| Trend { value: values[at], uncertainty: variances[at].sqrt() };
    let shape = |(camera, lens): (usize, &Lens)| ResidualShape {
        border_px: trend(PER_CAMERA * camera + LENS),
        readout_frames: trend(PER_CAMERA * camera + READOUT),
        long_side_px: 2.0 * lens.centre.max(),
    };
    Ok(Some(lenses.iter().enumerate().map(shape).collect()))
}

/// One joint at one instant, in all cameras.
struct Sight {
    rays: Vec<Ray>,
    point: usize,
    /// From 0 for the first instant to 1 for the last.
    time: f64,
}

/// The same joint in one camera.
struct Ray {
    camera: usize,
    /// Seen minus projected, in pixels.
    residual: Vector2<f64>,
    by_camera: SMatrix<f64, 2, COLUMNS>,
    by_point: SMatrix<f64, 2, 3>,
    /// The finder's confidence, over the square of the picture's unit.
    belief: f64,
    unit: f64,
    /// Belief over the error's variance, reduced for outliers.
    weight: f64,
}

impl Ray {
    fn new(
        camera: usize,
        lens: &Lens,
        world: &Vector3<f64>,
        seen: Vector2<f64>,
        velocity: Vector2<f64>,
        belief: f64,
    ) -> Self {
        let projection = lens.project(world);
        let half_px = lens.centre.max();
        let out = (projection.px - lens.centre) / half_px;
        let row = 0.5 * (projection.px.y / lens.centre.y - 1.0);
        let mut by_camera = SMatrix::<f64, 2, COLUMNS>::zeros();
        by_camera.fixed_columns_mut::<6>(0).copy_from(&projection.by_pose(lens.focal));
        by_camera.set_column(6, &(lens.focal * projection.slope));
        by_camera.set_column(7, &velocity);
        by_camera.set_column(LENS, &(out.norm_squared() * out));
        by_camera.set_column(READOUT, &(row * velocity));
        by_camera.fixed_columns_mut::<2>(OF_CAMERA).copy_from(&Matrix2::identity());
        Self {
            camera,
            residual: seen - projection.px,
            by_camera,
            by_point: projection.by_seen(lens.focal) * lens.rotation,
            belief: belief / lens.unit().powi(2),
            unit: lens.unit(),
            weight: 0.0,
        }
    }
}

impl Sight {
    /// The index of a camera's column among all values.
    fn index(&self, camera: usize, column: usize) -> usize {
        PER_CAMERA * camera + column + if column < OF_CAMERA { 0 } else { 2 * self.point }
    }

    /// A camera's columns out of all values.
    fn of(&self, camera: usize, values: &DVector<f64>) -> Columns {
        Columns::from_fn(|column, _| values[self.index(camera, column)])
    }

    fn add(&self, camera: usize, columns: &Columns, values: &mut DVector<f64>) {
        (0..COLUMNS).for_each(|column| values[self.index(camera, column)] += columns[column]);
    }

    /// How the point follows the cameras: the inverse of its normal matrix, its coupling to each camera, and its
    /// gradient.
    fn follow(&self) -> Option<(Matrix3<f64>, Vec<PointByCamera>, Vector3<f64>)> {
        let (mut own, mut pull) = (Matrix3::zeros(), Vector3::zeros());
        for ray in &self.rays {
            own += ray.weight * ray.by_point.transpose() * ray.by_point;
            pull += ray.weight * ray.by_point.transpose() * ray.residual;
        }
        let by = |ray: &Ray| ray.weight * ray.by_point.transpose() * ray.by_camera;
        Some((own.try_inverse()?, self.rays.iter().map(by).collect(), pull))
    }

    /// What remains of each ray's residual.
    fn left(&self, globals: &DVector<f64>) -> Option<Vec<Vector2<f64>>> {
        let (inverse, by, pull) = self.follow()?;
        let of = |ray: &Ray| self.of(ray.camera, globals);
        let pulled = self.rays.iter().zip(&by).fold(pull, |sum, (ray, by)| sum - by * of(ray));
        let step = inverse * pulled;
        Some(self.rays.iter().map(|ray| ray.residual - ray.by_camera * of(ray) - ray.by_point * step).collect())
    }
}

/// The best values, and their variances.
fn fit(lenses: &[Lens], sights: &mut [Sight]) -> Option<(DVector<f64>, DVector<f64>)> {
    let size = PER_CAMERA * lenses.len();
    let strays = DVector::from_fn(size, |at, _| {
        let column = (at % PER_CAMERA).min(OF_CAMERA);
        let in_parts = column == LENS || column == OF_CAMERA;
        PRIOR_SIGMAS[column] * if in_parts { 2.0 * lenses[at / PER_CAMERA].centre.max() } else { 1.0 }
    });
    let held = strays.map(|stray: f64| stray.powi(-2));
    let mut left: Vec<Vec<Vector2<f64>>> =
        sights.iter().map(|sight| sight.rays.iter().map(|ray| ray.residual).collect()).collect();
    let (mut globals, mut normal) = (DVector::zeros(size), DMatrix::zeros(size, size));
    for _ in 0..ROUNDS {
        weigh(sights, &left);
        let (own, pull) = normal_equations(sights, &held);
        globals = own.clone().cholesky()?.solve(&pull);
        normal = own;
        left = sights.iter().map(|sight| sight.left(&globals)).collect::<Option<_>>()?;
    }
    let inverse = normal.cholesky()?.inverse();
    // Errors are correlated in time, and per joint. Few groups underestimate their variance, so that of independent
    // errors is the least.
    let alone = spread(sights, &left, size) * inverse.diagonal();
    let by_point = variances(&inverse, &held, sights, &left, POINT_COUNT, |sight| sight.point);
    let of_stretches =
        |count: usize| variances(&inverse, &held, sights, &left, count, |sight| (sight.time * count as f64) as usize);
    let largest = STRETCHES.map(of_stretches).iter().fold(alone.sup(&by_point), |largest, next| largest.sup(next));
    Some((globals, largest))
}

/// The mean square of weighted errors per degree of freedom, about 1.
fn spread(sights: &[Sight], left: &[Vec<Vector2<f64>>], size: usize) -> f64 {
    let (mut squares, mut rays) = (0.0, 0);
    for (sight, left) in sights.iter().zip(left) {
        squares += sight.rays.iter().zip(left).map(|(ray, error)| ray.weight * error.norm_squared()).sum::<f64>();
        rays += sight.rays.len();
    }
    squares / (2 * rays).saturating_sub(3 * sights.len() + size).max(1) as f64
}

/// Computes the weights of all rays, small for outliers.
fn weigh(sights: &mut [Sight], left: &[Vec<Vector2<f64>>]) {
    let errors = || sights.iter().zip(left).flat_map(|(sight, left)| sight.rays.iter().zip(left));
    let mut sizes: Vec<f64> = errors().map(|(ray, error)| error.norm() / ray.unit).collect();
    // The median distance in two dimensions is 1.18 standard deviations.
    let sigma = (median(&mut sizes).unwrap_or(0.0) / 1.18).max(0.1);
    for (sight, left) in sights.iter_mut().zip(left) {
        for (ray, error) in sight.rays.iter_mut().zip(left) {
            ray.weight = ray.belief / sigma.powi(2) * pixel_weight(error.norm() / ray.unit / sigma);
        }
    }
}

/// The cameras' normal equations, with all points eliminated.
fn normal_equations(sights: &[Sight], held: &DVector<f64>) -> (DMatrix<f64>, DVector<f64>) {
    let (mut own, mut pull) = (DMatrix::from_diagonal(held), DVector::zeros(held.len()));
    for sight in sights {
        let Some((inverse, by, of_point)) = sight.follow() else { continue };
        for (ray, a) in sight.rays.iter().zip(&by) {
            let weighted = ray.weight * ray.by_camera.transpose();
            sight.add(ray.camera, &(weighted * ray.residual - a.transpose() * (inverse * of_point)), &mut pull);
            for (other, b) in sight.rays.iter().zip(&by) {
                let mut block = -a.transpose() * inverse * b;
                if other.camera == ray.camera {
                    block += weighted * ray.by_camera;
                }
                for (row, column) in (0..COLUMNS).flat_map(|row| (0..COLUMNS).map(move |column| (row, column))) {
                    own[(sight.index(ray.camera, row), sight.index(other.camera, column))] += block[(row, column)];
                }
            }
        }
    }
    (own, pull)
}

/// The variances if errors within a group (`of`, below `groups`) may be correlated.
fn variances(
    inverse: &DMatrix<f64>,
    held: &DVector<f64>,
    sights: &[Sight],
    left: &[Vec<Vector2<f64>>],
    groups: usize,
    of: impl Fn(&Sight) -> usize,
) -> DVector<f64> {
    let mut pulls = vec![DVector::<f64>::zeros(held.len()); groups];
    for (sight, left) in sights.iter().zip(left) {
        for (ray, error) in sight.rays.iter().zip(left) {
            sight.add(ray.camera, &(ray.weight * ray.by_camera.transpose() * error), &mut pulls[of(sight)]);
        }
    }
    let mut spread = DMatrix::from_diagonal(held);
    // Corrects for the few degrees of freedom of few groups.
    let few = groups as f64 / (groups as f64 - 1.0);
    for pull in &pulls {
        spread.ger(few, pull, pull, 1.0);
    }
    (inverse * spread * inverse).diagonal()
}
