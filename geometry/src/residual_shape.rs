//! What the shape of a camera's residuals says of it: a lens that bends, or rows that are shown later than others.
//!
//! All cameras are solved for together, one linear step from where the rig stands, with each point free to follow. So
//! what a fault has moved the points by, and what poses and focal lengths took over of it, are not lost.

use nalgebra::{DMatrix, DVector, Matrix2, Matrix3, SMatrix, SVector, Vector2, Vector3};

use crate::camera::{Camera, Lens};
use crate::error::GeometryError;
use crate::loss::pixel_weight;
use crate::median::median;
use crate::observation::{Observation, View};
use crate::points::POINT_COUNT;
use crate::triangulate::prepared;

/// What a joint's residual in a camera depends on: the camera's turn, translation, logarithm of the focal length, offset in
/// time, lens and read-out, and how far this camera sees this joint off in all its pictures, which is the finder's doing.
const COLUMNS: usize = 12;
const OF_CAMERA: usize = 10;
const LENS: usize = 8;
const READOUT: usize = 9;

/// How far each of these strays, in radians, millimetres, parts, frames, parts of the longer side, frames and again parts of
/// the longer side.
const STRAYS: [f64; COLUMNS] = [0.1, 0.1, 0.1, 500.0, 500.0, 500.0, 0.2, 5.0, 0.2, 2.0, 0.02, 0.02];

/// All values of one camera.
const PER_CAMERA: usize = OF_CAMERA + 2 * POINT_COUNT;

type Columns = SVector<f64, COLUMNS>;
type PointByCamera = SMatrix<f64, 3, COLUMNS>;

/// Fewer instants than this say nothing.
const LEAST_INSTANTS: usize = 40;

/// Rounds in which joints that lie far off lose their weight.
const ROUNDS: usize = 6;

/// Errors of the finder last for many instants, nobody knows how many, so whole stretches of time count as one: so many
/// short ones, or a few long ones.
const STRETCHES: [usize; 2] = [48, 12];

/// What is named is this many times its uncertainty, which is no larger than the least that is named,
const SIGMAS: f64 = 5.0;
/// and a lens bends by at least this part of the longer side at the border,
const LEAST_BEND: f64 = 1.0 / 160.0;
/// a read-out takes at least this part of a frame, and at most a whole one: the next picture waits for it.
const LEAST_READOUT_FRAMES: f64 = 0.2;
const MOST_READOUT_FRAMES: f64 = 1.0;

/// Something that residuals grow with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    pub value: f64,
    /// One standard deviation.
    pub uncertainty: f64,
}

impl Trend {
    /// Whether it is at least so large, sure, and not told from where nothing was seen.
    fn stands_out(&self, least: f64) -> bool {
        self.uncertainty <= least && self.value.abs() >= least.max(SIGMAS * self.uncertainty)
    }
}

/// How one camera's residuals grow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ResidualShape {
    /// With the third power of the distance from the middle: how much farther out a joint is seen than a lens without
    /// distortion shows it, in pixels, at half the picture's longer side from the middle. Negative for a barrel.
    pub border_px: Trend,
    /// With row times velocity: by how many frames the last row is exposed later than the first.
    pub readout_frames: Trend,
    /// The longer side of its pictures, in pixels.
    pub long_side_px: f64,
}

/// A fault of a camera that residuals show. Neither is solved for.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum LensFault {
    /// Figures as in [`ResidualShape`].
    #[error(
        "its lens bends the picture: at the border joints lie {:.0} ± {:.0} px farther {} than without distortion",
        .border_px.value.abs(), .border_px.uncertainty, if .border_px.value < 0.0 { "in" } else { "out" }
    )]
    Distortion { border_px: Trend },

    #[error(
        "it has a rolling shutter: its last row is {:.2} ± {:.2} of a frame {} than its first",
        .readout_frames.value.abs(), .readout_frames.uncertainty, if .readout_frames.value < 0.0 { "earlier" } else { "later" }
    )]
    RollingShutter { readout_frames: Trend },
}

impl ResidualShape {
    /// What is large and sure enough to be named.
    pub fn faults(&self) -> Vec<LensFault> {
        let Self { border_px, readout_frames, long_side_px } = *self;
        let bends = border_px.stands_out(LEAST_BEND * long_side_px);
        let possible = readout_frames.value.abs() - 2.0 * readout_frames.uncertainty < MOST_READOUT_FRAMES;
        let rolls = possible && readout_frames.stands_out(LEAST_READOUT_FRAMES);
        let lens = bends.then_some(LensFault::Distortion { border_px });
        lens.into_iter().chain(rolls.then_some(LensFault::RollingShutter { readout_frames })).collect()
    }
}

/// No shutter takes longer to read out a picture, in milliseconds.
const MOST_READOUT_MS: f64 = 40.0;

impl LensFault {
    /// Whether a camera can be so whose frames are so far apart. What takes longer than any shutter comes from elsewhere.
    pub fn is_plausible(&self, frame_ms: f64) -> bool {
        match self {
            Self::Distortion { .. } => true,
            Self::RollingShutter { readout_frames } => readout_frames.value.abs() * frame_ms <= MOST_READOUT_MS,
        }
    }
}

/// The shape of each camera's residuals over instants in their order. `points_mm` are the bodies that were found, in the
/// world of the cameras; `instants` the views they were found from, with left and right as the bodies have them, and
/// velocities where the read-out is asked for. Nothing from fewer than 40 instants with a body.
///
/// # Errors
/// Observations that are none.
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
            let ray = |(camera, ((lens, view), of)): (usize, ((&Lens, &View), &Camera))| {
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
    if found.len() < LEAST_INSTANTS || sights.is_empty() {
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

/// One joint at one instant, as all cameras see it.
struct Sight {
    rays: Vec<Ray>,
    point: usize,
    /// From 0 to 1.
    time: f64,
}

/// One camera's part in it.
struct Ray {
    camera: usize,
    /// Seen minus projected, in pixels.
    residual: Vector2<f64>,
    by_camera: SMatrix<f64, 2, COLUMNS>,
    by_point: SMatrix<f64, 2, 3>,
    /// How far the finder believes it, over the square of the picture's unit.
    belief: f64,
    unit: f64,
    /// Belief over the error's variance, less where it lies far off.
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
    /// Where among all values one column of a camera is.
    fn place(&self, camera: usize, column: usize) -> usize {
        PER_CAMERA * camera + column + if column < OF_CAMERA { 0 } else { 2 * self.point }
    }

    /// A camera's columns out of all values.
    fn of(&self, camera: usize, values: &DVector<f64>) -> Columns {
        Columns::from_fn(|column, _| values[self.place(camera, column)])
    }

    fn add(&self, camera: usize, columns: &Columns, values: &mut DVector<f64>) {
        (0..COLUMNS).for_each(|column| values[self.place(camera, column)] += columns[column]);
    }

    /// How the point follows the cameras: its own normal matrix inverted, and what each camera pulls it by.
    fn follow(&self) -> Option<(Matrix3<f64>, Vec<PointByCamera>, Vector3<f64>)> {
        let (mut own, mut pull) = (Matrix3::zeros(), Vector3::zeros());
        for ray in &self.rays {
            own += ray.weight * ray.by_point.transpose() * ray.by_point;
            pull += ray.weight * ray.by_point.transpose() * ray.residual;
        }
        let by = |ray: &Ray| ray.weight * ray.by_point.transpose() * ray.by_camera;
        Some((own.try_inverse()?, self.rays.iter().map(by).collect(), pull))
    }

    /// What is left of each ray's residual.
    fn left(&self, globals: &DVector<f64>) -> Option<Vec<Vector2<f64>>> {
        let (inverse, by, pull) = self.follow()?;
        let of = |ray: &Ray| self.of(ray.camera, globals);
        let pulled = self.rays.iter().zip(&by).fold(pull, |sum, (ray, by)| sum - by * of(ray));
        let step = inverse * pulled;
        Some(self.rays.iter().map(|ray| ray.residual - ray.by_camera * of(ray) - ray.by_point * step).collect())
    }
}

/// What fits best, and how unsure each value is.
fn fit(lenses: &[Lens], sights: &mut [Sight]) -> Option<(DVector<f64>, DVector<f64>)> {
    let size = PER_CAMERA * lenses.len();
    let strays = DVector::from_fn(size, |at, _| {
        let column = (at % PER_CAMERA).min(OF_CAMERA);
        let in_parts = column == LENS || column == OF_CAMERA;
        STRAYS[column] * if in_parts { 2.0 * lenses[at / PER_CAMERA].centre.max() } else { 1.0 }
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
    // Errors last in time, and a joint's are alike all the time. Where groups are few they hide that, so what errors that
    // have nothing in common would give is the least.
    let alone = spread(sights, &left, size) * inverse.diagonal();
    let by_point = variances(&inverse, &held, sights, &left, POINT_COUNT, |sight| sight.point);
    let of_stretches =
        |count: usize| variances(&inverse, &held, sights, &left, count, |sight| (sight.time * count as f64) as usize);
    let largest = STRETCHES.map(of_stretches).iter().fold(alone.sup(&by_point), |largest, next| largest.sup(next));
    Some((globals, largest))
}

/// The mean square of weighted errors, which is about 1, for what is free in them.
fn spread(sights: &[Sight], left: &[Vec<Vector2<f64>>], size: usize) -> f64 {
    let (mut squares, mut rays) = (0.0, 0);
    for (sight, left) in sights.iter().zip(left) {
        squares += sight.rays.iter().zip(left).map(|(ray, error)| ray.weight * error.norm_squared()).sum::<f64>();
        rays += sight.rays.len();
    }
    squares / (2 * rays).saturating_sub(3 * sights.len() + size).max(1) as f64
}

/// Joints that lie far off lose their weight.
fn weigh(sights: &mut [Sight], left: &[Vec<Vector2<f64>>]) {
    let errors = || sights.iter().zip(left).flat_map(|(sight, left)| sight.rays.iter().zip(left));
    let mut sizes: Vec<f64> = errors().map(|(ray, error)| error.norm() / ray.unit).collect();
    // Of a distance in two directions the median is 1.18 standard deviations.
    let sigma = (median(&mut sizes).unwrap_or(0.0) / 1.18).max(0.1);
    for (sight, left) in sights.iter_mut().zip(left) {
        for (ray, error) in sight.rays.iter_mut().zip(left) {
            ray.weight = ray.belief / sigma.powi(2) * pixel_weight(error.norm() / ray.unit / sigma);
        }
    }
}

/// The cameras' normal equations, with every point eliminated.
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
                    own[(sight.place(ray.camera, row), sight.place(other.camera, column))] += block[(row, column)];
                }
            }
        }
    }
    (own, pull)
}

/// The variances where errors of one group (`of`, below `groups`) may all be alike.
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
    // A few groups lie nearer to what was fitted to them than many would.
    let few = groups as f64 / (groups as f64 - 1.0);
    for pull in &pulls {
        spread.ger(few, pull, pull, 1.0);
    }
    (inverse * spread * inverse).diagonal()
}
