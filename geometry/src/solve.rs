//! From observations to a rig, and what is refused.

use nalgebra::{Vector2, Vector3};

use crate::adjustment::{Adjustment, FOCAL_SIGMA, State};
use crate::attempt::{Attempt, Found};
use crate::camera::{Camera, Lens};
use crate::error::GeometryError;
use crate::median::median;
use crate::observation::{Observation, View};
use crate::points::{GROUP_COUNT, POINT_COUNT, bone_lengths};
use crate::uncertainty::{Uncertainty, uncertainties};

/// The focal length before anything is known, in long sides of the picture.
const FIRST_FOCAL: f64 = 1.2;

/// How sharp the last stage is: the standard deviation of a joint's pixels, in pictures of the reference size.
pub(crate) const SIGMA_PX: f64 = 6.0;

/// How much a bone's length strays in the last stage, in millimetres.
pub(crate) const BONE_SIGMA_MM: f64 = 25.0;

/// Cameras nearer to one another than this part of the person's distance stand at one place.
const LEAST_BASELINE: f64 = 0.04;

/// The focal lengths, in long sides of the picture, that two cameras, or one camera alone, are tried with; the cheapest
/// is taken, where 1 is what to expect.
pub(crate) const BEGINNING_FOCALS: [f64; 5] = [0.7, 0.85, 1.0, 1.2, 1.45];

/// What to solve for and what to refuse.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Focal lengths in pixels, one per camera, where they are known; they are held then.
    pub focal_px: Option<Vec<f64>>,
    /// Holds the focal length at the first guess (1.2 long sides) although it is unknown. Two cameras always hold theirs:
    /// unless this or `focal_px` says otherwise, the one of several (0.7 to 1.45 long sides) that fits best.
    pub hold_focal: bool,
    /// Also finds each camera's offset in time; needs velocities.
    pub time_offsets: bool,
    /// How many instants two cameras have to share, at least.
    pub least_instants: usize,
    /// A solution is refused when a camera misses the points by more than this part of its picture's longer side
    /// (median).
    pub most_residual: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { focal_px: None, hold_focal: false, time_offsets: false, least_instants: 3, most_residual: 1.0 / 160.0 }
    }
}

/// One camera of a solution.
#[derive(Clone, Debug, PartialEq)]
pub struct SolvedCamera {
    /// Where it stands and what it sees.
    pub camera: Camera,
    /// The median distance in pixels between its joints and the points, over all believed joints.
    pub residual_px: f64,
    /// How far all this may be off; nothing where it is not known.
    pub uncertainty: Option<Uncertainty>,
}

/// A rig that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// In the order that they were given in; the world is camera 0's axes.
    pub cameras: Vec<SolvedCamera>,
    /// One length per group of [`crate::BONES`], in millimetres.
    pub bone_lengths_mm: [f64; GROUP_COUNT],
    /// Per instant the points in the world, in millimetres; nothing where fewer than two cameras see the person.
    pub points_mm: Vec<Option<[Vector3<f64>; POINT_COUNT]>>,
    /// How many views had left and right exchanged.
    pub exchanged_views: usize,
    /// How many instants were left out since the two or three cameras contradict each other about left and right.
    pub contradicting_instants: usize,
}

impl Solution {
    /// The cameras alone, as [`crate::triangulate`] and [`crate::label`] take them.
    pub fn cameras(&self) -> Vec<Camera> {
        self.cameras.iter().map(|solved| solved.camera.clone()).collect()
    }
}

/// Finds the rig. `sizes_px` is the width and height of each camera's pictures, `instants` the views per instant, one
/// per camera. Well spread instants serve better than many: 25 are plenty.
///
/// Two or three cameras hardly tell by pixels which of them took left for right; there the views' own 3D joints decide,
/// instants that stay a contradiction have no points, and a rig of which more than half contradicts is refused.
pub fn solve(
    sizes_px: &[[f64; 2]],
    instants: &[Vec<Option<Observation>>],
    options: &Options,
) -> Result<Solution, GeometryError> {
    let focal = checked(sizes_px, instants, options)?;
    let centre: Vec<Vector2<f64>> = sizes_px.iter().map(|size| 0.5 * Vector2::from(*size)).collect();
    let usable = |view: &Option<Observation>| view.as_ref().is_some_and(Observation::usable);
    let used: Vec<usize> = (0..instants.len())
        .filter(|&instant| instants[instant].iter().filter(|view| usable(view)).count() >= 2)
        .collect();
    let least_instants = options.least_instants.max(1);
    if used.len() < least_instants {
        return Err(GeometryError::TooFewInstants { found: used.len(), needed: least_instants });
    }
    let observations: Vec<Vec<Option<Observation>>> = used
        .iter()
        .map(|&instant| instants[instant].iter().map(|view| view.clone().filter(Observation::usable)).collect())
        .collect();
    let length_sum = length_sum(&observations, sizes_px.len());
    if length_sum < 1.0 {
        return Err(GeometryError::NoExtent);
    }
    let attempt = |focal: &[f64]| {
        let unknown = options.focal_px.is_none() && !options.hold_focal;
        Attempt {
            focal,
            centre: &centre,
            least_instants,
            length_sum,
            free_focal: unknown && sizes_px.len() > 2,
            time_offsets: options.time_offsets,
        }
        .run(&observations)
    };
    let found = if options.focal_px.is_none() && !options.hold_focal && sizes_px.len() == 2 {
        let held = |part: f64| sizes_px.iter().map(|size| part * size[0].max(size[1])).collect::<Vec<_>>();
        cheapest(BEGINNING_FOCALS.map(|part| {
            let mut found = attempt(&held(part))?;
            found.mean_cost += (part.ln() / FOCAL_SIGMA).powi(2) / found.instants.len() as f64;
            Ok(found)
        }))?
    } else {
        attempt(&focal)?
    };
    let Found { mut adjustment, instants: kept, exchanged, .. } = found;
    refuse_one_place(&adjustment.state)?;
    // A focal length that was held although nobody knows it is as uncertain as the pixels leave it.
    adjustment.free.focal = options.focal_px.is_none();
    let uncertainties = uncertainties(&adjustment);
    let Adjustment { views, state, .. } = adjustment;

    let mut cameras = Vec::new();
    for ((camera, lens), mut uncertainty) in state.lenses.iter().enumerate().zip(uncertainties) {
        let residual_px = residual(&state, &views, camera).ok_or(GeometryError::NotConverged)?;
        let limit_px = options.most_residual * sizes_px[camera][0].max(sizes_px[camera][1]);
        if residual_px > limit_px {
            return Err(GeometryError::ResidualTooHigh { camera, residual_px, limit_px });
        }
        let moves = views.iter().any(|views| views[camera].velocity.iter().any(|velocity| velocity.norm() > 0.0));
        let offset = (options.time_offsets && moves).then_some(lens.offset);
        if let (Some(uncertainty), None) = (&mut uncertainty, offset) {
            uncertainty.time_offset_frames = None;
        }
        cameras.push(SolvedCamera { camera: lens.camera(offset), residual_px, uncertainty });
    }
    let mut points_mm = vec![None; instants.len()];
    let contradicting_instants = used.len() - kept.len();
    for (instant, points) in kept.into_iter().zip(state.points) {
        points_mm[used[instant]] = Some(points);
    }
    Ok(Solution {
        cameras,
        bone_lengths_mm: state.lengths,
        points_mm,
        exchanged_views: exchanged,
        contradicting_instants,
    })
}

/// The try that cost least; where all failed, why the first did.
fn cheapest<const N: usize>(tries: [Result<Found, GeometryError>; N]) -> Result<Found, GeometryError> {
    let mut best: Option<Found> = None;
    let mut failure = None;
    for found in tries {
        match found {
            Ok(found) if best.as_ref().is_none_or(|best| found.mean_cost < best.mean_cost) => best = Some(found),
            Ok(_) => {}
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    best.ok_or(failure.unwrap_or(GeometryError::NotConverged))
}

/// The focal lengths to begin with, once the input makes sense.
fn checked(
    sizes_px: &[[f64; 2]],
    instants: &[Vec<Option<Observation>>],
    options: &Options,
) -> Result<Vec<f64>, GeometryError> {
    let cameras = sizes_px.len();
    if cameras < 2 {
        return Err(GeometryError::TooFewCameras { count: cameras });
    }
    for (camera, &[width, height]) in sizes_px.iter().enumerate() {
        if ![width, height].iter().all(|side| side.is_finite() && *side >= 1.0) {
            return Err(GeometryError::BadPictureSize { camera, width, height });
        }
    }
    for (instant, views) in instants.iter().enumerate() {
        if views.len() != cameras {
            return Err(GeometryError::WrongViewCount { instant, views: views.len(), cameras });
        }
    }
    let Some(focal) = &options.focal_px else {
        return Ok(sizes_px.iter().map(|[width, height]| FIRST_FOCAL * width.max(*height)).collect());
    };
    if focal.len() != cameras || !focal.iter().all(|focal| focal.is_finite() && *focal > 0.0) {
        return Err(GeometryError::BadFocalLengths { count: focal.len(), cameras });
    }
    Ok(focal.clone())
}

/// What the bone lengths add up to in the views' own 3D joints, as a mean over the cameras: the scale.
fn length_sum(observations: &[Vec<Option<Observation>>], cameras: usize) -> f64 {
    let sums: Vec<f64> = (0..cameras)
        .map(|camera| {
            let points: Vec<_> =
                observations.iter().filter_map(|views| views[camera].as_ref().map(Observation::points_mm)).collect();
            bone_lengths(&points).iter().sum()
        })
        .filter(|&sum| sum > 0.0)
        .collect();
    sums.iter().sum::<f64>() / sums.len().max(1) as f64
}

fn refuse_one_place(state: &State) -> Result<(), GeometryError> {
    let positions: Vec<Vector3<f64>> = state.lenses.iter().map(Lens::position).collect();
    let baseline_mm = positions.iter().flat_map(|a| positions.iter().map(move |b| (a - b).norm())).fold(0.0, f64::max);
    let mut distances: Vec<f64> =
        state.points.iter().flat_map(|points| positions.iter().map(|position| (points[0] - position).norm())).collect();
    let distance_mm = median(&mut distances).ok_or(GeometryError::NotConverged)?;
    if baseline_mm < LEAST_BASELINE * distance_mm {
        return Err(GeometryError::CamerasAtOnePlace { baseline_mm, distance_mm });
    }
    Ok(())
}

/// The median distance between a camera's joints and the points, in pixels.
fn residual(state: &State, views: &[Vec<View>], camera: usize) -> Option<f64> {
    let lens = &state.lenses[camera];
    let mut errors = Vec::new();
    for (views, points) in views.iter().zip(&state.points) {
        let view = &views[camera];
        for point in (0..POINT_COUNT).filter(|&point| view.weight[point] > 0.0) {
            errors.push((lens.project(&points[point]).px - view.earlier(point, lens.offset)).norm());
        }
    }
    median(&mut errors)
}
