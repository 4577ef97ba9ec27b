//! Places bodies in a rig with known geometry.

use body::{BodyView, RigGeometry, uncertainty};
use geometry::{
    Camera, FittedBody, GROUP_COUNT, GeometryError, Observation, Options, POINT_COUNT, Points, fit_body,
    fit_body_single,
};
use nalgebra::{Complex, Vector2};
use pose::JOINTS;
use thiserror::Error;

use super::median::upper_median;

/// A view shows somebody else, or an error of the joint finder, if it misses the body by this many times the limit of a
/// camera's median residual.
const SOMEBODY_ELSE: f64 = 3.0;

/// The uncertainty of the cameras' positions if the geometry has none, in millimetres.
const DEFAULT_RIG_MM: f64 = 150.0;

/// Left and right, as indices of `geometry::POINT_NAMES`.
const SHOULDERS: [usize; 2] = [3, 4];
const HIPS: [usize; 2] = [9, 10];

/// A joint in the picture and the projection of the body's, in pixels: x, and y as the imaginary part.
type Pair = (Complex<f64>, Complex<f64>);

/// Why a geometry cannot be used for these cameras.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum PlacingError {
    #[error("the geometry has fewer than two of the cameras; {0} is not in it")]
    OtherRig(String),
    #[error("the geometry is not valid: {0}")]
    BadGeometry(String),
    #[error("the geometry has pictures of {given:?} px for {camera}, but they have {taken:?} px")]
    OtherSize { camera: String, given: [f64; 2], taken: [f64; 2] },
}

/// The cameras of a rig with known geometry, to place bodies with.
#[derive(Clone, Debug)]
pub struct Placing {
    /// `None` for a camera that is not in the geometry, or was left out.
    cameras: Vec<Option<Camera>>,
    bone_lengths_mm: [f64; GROUP_COUNT],
    /// Of each camera's pictures, in pixels.
    long_sides_px: Vec<f64>,
    /// The largest median residual of a camera, as a part of that.
    max_residual: f64,
    /// The mean uncertainty of the cameras' positions by the geometry, in millimetres.
    rig_mm: f64,
}

/// One body in the world of the geometry.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// In millimetres, in the order of `geometry::POINT_NAMES`.
    pub points_mm: Points,
    /// How many views confirm each point; a point without any is placed by its bones' lengths.
    pub near_views: [usize; POINT_COUNT],
    /// Per joint of `body::joints` the radius of the ball that holds it nine times in ten, in millimetres.
    pub uncertainty_mm: [f64; JOINTS],
    /// Cameras that saw the person.
    pub views: Vec<usize>,
    /// Those of them whose left and right were exchanged.
    pub exchanged: Vec<usize>,
    /// Per camera the median distance of its joints from the body's projection, in pixels; `None` if it saw nobody, and
    /// for a body that only one camera saw. It is large for a camera that saw somebody else or was moved.
    pub misses_px: Vec<Option<f64>>,
    /// The same after the best 2D similarity of the view onto the body. It is small for a camera that was moved, large
    /// for errors of the joint finder and for somebody else.
    pub shapes_px: Vec<Option<f64>>,
}

impl Placed {
    /// Whether only one camera saw the body, so that nothing confirms it.
    pub fn is_alone(&self) -> bool {
        self.views.len() == 1
    }
}

impl Placing {
    /// Picks the cameras of these names. A size of zero is unknown.
    ///
    /// # Errors
    /// If the geometry is not valid, has fewer than two of the cameras, or has them with other sizes.
    pub fn new(geometry: &RigGeometry, names: &[String], sizes_px: &[[f64; 2]]) -> Result<Self, PlacingError> {
        geometry.check().map_err(PlacingError::BadGeometry)?;
        let cameras: Vec<_> =
            names.iter().map(|name| geometry.cameras.get(name).map(|camera| camera.camera())).collect();
        if cameras.iter().flatten().count() < 2 {
            let unknown = names.iter().zip(&cameras).find(|(_, camera)| camera.is_none());
            return Err(PlacingError::OtherRig(unknown.map(|(name, _)| name.clone()).unwrap_or_default()));
        }
        let sizes = names.iter().zip(sizes_px).map(|(name, &taken)| {
            let Some(camera) = geometry.cameras.get(name) else { return Ok(taken) };
            if taken[0] > 0.0 && camera.size_px != taken {
                return Err(PlacingError::OtherSize { camera: name.clone(), given: camera.size_px, taken });
            }
            Ok(camera.size_px)
        });
        let long_sides_px = sizes.map(|size| Ok(size?.into_iter().fold(0.0, f64::max))).collect::<Result<_, _>>()?;
        let told_mm = geometry.cameras.values().filter_map(|camera| Some(camera.uncertainty?.position_mm));
        let told_mm: Vec<f64> = told_mm.filter(|mm| mm.is_finite()).collect();
        let rig_mm =
            if told_mm.is_empty() { DEFAULT_RIG_MM } else { told_mm.iter().sum::<f64>() / told_mm.len() as f64 };
        let max_residual = Options::default().max_residual;
        Ok(Self { cameras, bone_lengths_mm: geometry.bone_lengths_mm, long_sides_px, max_residual, rig_mm })
    }

    /// Sets the residual to allow; see [`joints::JointFinder::max_residual`].
    #[must_use]
    pub fn allowing(self, max_residual: f64) -> Self {
        Self { max_residual, ..self }
    }

    /// Whether the camera has a place.
    pub fn is_placed(&self, camera: usize) -> bool {
        self.cameras[camera].is_some()
    }

    /// A camera that has a place.
    pub fn camera(&self, camera: usize) -> Option<&Camera> {
        self.cameras[camera].as_ref()
    }

    /// The largest median residual of a camera, in pixels.
    pub fn limit_px(&self, camera: usize) -> f64 {
        self.max_residual * self.long_sides_px[camera]
    }

    /// Ignores the camera from now on.
    pub fn leave_out(&mut self, camera: usize) {
        self.cameras[camera] = None;
    }

    /// The body of one instant. Views that show somebody else are left out while more than two remain; `None` if the
    /// last two do not agree, or nobody is seen. If only one camera sees somebody, it is that view's own body.
    ///
    /// # Errors
    /// As [`fit_body`] and [`fit_body_single`].
    pub fn body(&self, views: &[Option<Observation>]) -> Result<Option<Placed>, GeometryError> {
        let is_there = |&camera: &usize| self.is_placed(camera) && views[camera].is_some();
        let mut used: Vec<usize> = (0..self.cameras.len()).filter(is_there).collect();
        if let [camera] = *used {
            return self.single(camera, views);
        }
        while used.len() >= 2 {
            let cameras: Vec<Camera> = used.iter().filter_map(|&camera| self.cameras[camera].clone()).collect();
            let seen: Vec<_> = used.iter().map(|&camera| views[camera].clone()).collect();
            let Some(body) = fit_body(&cameras, &self.bone_lengths_mm, &seen)? else { return Ok(None) };
            let exchanged: Vec<usize> = body.exchanged.iter().map(|&at| used[at]).collect();
            let pairs = |camera| self.pairs(camera, views, &body.points_mm, exchanged.contains(&camera));
            let pairs: Vec<Option<Vec<Pair>>> = (0..self.cameras.len()).map(pairs).collect();
            let misses = |pairs: &Option<Vec<Pair>>| miss(pairs.as_deref()?.iter().copied());
            let misses_px: Vec<Option<f64>> = pairs.iter().map(misses).collect();
            let by_limit = |camera: usize| misses_px[camera].map_or(0.0, |miss| miss / self.limit_px(camera));
            let worst = used.iter().copied().max_by(|&a, &b| by_limit(a).total_cmp(&by_limit(b)));
            match worst.filter(|&camera| by_limit(camera) > SOMEBODY_ELSE) {
                Some(_) if used.len() == 2 => return Ok(None),
                Some(worst) => used.retain(|&camera| camera != worst),
                None => {
                    let (points_mm, near_views) = (body.points_mm, body.near_views);
                    let uncertainty_mm = self.uncertainty_mm(&points_mm, views, &used, &exchanged);
                    let shapes_px = pairs.iter().map(|pairs| miss(aligned(pairs.as_deref()?))).collect();
                    return Ok(Some(Placed {
                        points_mm,
                        near_views,
                        uncertainty_mm,
                        views: used,
                        exchanged,
                        misses_px,
                        shapes_px,
                    }));
                }
            }
        }
        Ok(None)
    }

    /// The body of a single view.
    fn single(&self, camera: usize, views: &[Option<Observation>]) -> Result<Option<Placed>, GeometryError> {
        let (Some(place), Some(view)) = (&self.cameras[camera], &views[camera]) else { return Ok(None) };
        let Some(body) = fit_body_single(place, &self.bone_lengths_mm, view)? else { return Ok(None) };
        let FittedBody { points_mm, near_views, exchanged } = body;
        let nothing = vec![None; self.cameras.len()];
        Ok(Some(Placed {
            points_mm,
            near_views,
            uncertainty_mm: self.uncertainty_mm(&points_mm, views, &[camera], &exchanged),
            views: vec![camera],
            exchanged,
            misses_px: nothing.clone(),
            shapes_px: nothing,
        }))
    }

    /// Whether a view shows somebody else: it was left out, and its joints have another shape than the body. If the
    /// camera was moved, they have the same shape.
    pub fn shows_somebody_else(&self, camera: usize, placed: &Placed) -> bool {
        let other_shape = placed.shapes_px[camera].is_some_and(|shape_px| shape_px > self.limit_px(camera));
        other_shape && !placed.views.contains(&camera)
    }

    /// Where a camera sees a body: the middle of the hips, and a point above the head on the circle around the whole
    /// body, in pixels. `None` if the camera has no place, or part of the body is behind it.
    pub fn circle_px(&self, camera: usize, points: &Points) -> Option<[Vector2<f64>; 2]> {
        let camera = self.cameras[camera].as_ref()?;
        let seen = points.iter().map(|point| camera.project(point)).collect::<Option<Vec<_>>>()?;
        let middle = |[a, b]: [usize; 2]| (seen[a] + seen[b]) / 2.0;
        let (hips, shoulders) = (middle(HIPS), middle(SHOULDERS));
        let radius = seen.iter().map(|point| (point - hips).norm()).fold(0.0, f64::max);
        let up = (shoulders - hips).try_normalize(1e-6)?;
        Some([hips, hips + radius * up])
    }

    fn uncertainty_mm(
        &self,
        points: &Points,
        views: &[Option<Observation>],
        used: &[usize],
        exchanged: &[usize],
    ) -> [f64; JOINTS] {
        let sided = |&camera: &usize| {
            let view = views[camera].as_ref()?;
            let view = if exchanged.contains(&camera) { view.exchanged() } else { view.clone() };
            Some((self.cameras[camera].as_ref()?, view))
        };
        let sided: Vec<_> = used.iter().filter_map(sided).collect();
        let views: Vec<BodyView> = sided.iter().map(|(camera, view)| BodyView { camera, view }).collect();
        uncertainty(points, &views, self.rig_mm)
    }

    /// A view's joints that have weight, each with the body's projection. `None` if the view shows nobody.
    fn pairs(
        &self,
        camera: usize,
        views: &[Option<Observation>],
        points: &Points,
        exchanged: bool,
    ) -> Option<Vec<Pair>> {
        let (camera, view) = (self.cameras[camera].as_ref()?, views[camera].as_ref()?);
        let view = if exchanged { &view.exchanged() } else { view };
        let offset = camera.time_offset_frames.unwrap_or(0.0);
        let pair = |point: usize| {
            let seen = camera.project(&points[point]).filter(|_| view.weight[point] > 0.0)?;
            let velocity = view.velocity_px.map_or([0.0; 2], |velocity| velocity[point]);
            let at = |axis: usize| view.px[point][axis] - offset * velocity[axis];
            Some((Complex::new(at(0), at(1)), Complex::new(seen.x, seen.y)))
        };
        Some((0..POINT_COUNT).filter_map(pair).collect())
    }
}

/// The median distance between pairs.
fn miss(pairs: impl IntoIterator<Item = Pair>) -> Option<f64> {
    upper_median(pairs.into_iter().map(|(a, b)| (a - b).norm()).collect())
}

/// The pairs with their first elements mapped onto the second by the best similarity.
fn aligned(pairs: &[Pair]) -> impl Iterator<Item = Pair> {
    let count = pairs.len().max(1) as f64;
    let (from, to) = pairs.iter().fold((Complex::ZERO, Complex::ZERO), |(from, to), (a, b)| (from + a, to + b));
    let (from, to) = (from / count, to / count);
    let product: Complex<f64> = pairs.iter().map(|(a, b)| (a - from).conj() * (b - to)).sum();
    let extent: f64 = pairs.iter().map(|(a, _)| (a - from).norm_sqr()).sum();
    let turn = if extent > 0.0 { product / extent } else { Complex::ONE };
    pairs.iter().map(move |(a, b)| (to + turn * (a - from), *b))
}
