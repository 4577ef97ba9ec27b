//! Finds a rig from observations, or refuses it.

use nalgebra::{Vector2, Vector3};

use crate::adjustment::{Adjustment, RigState};
use crate::camera::Lens;
use crate::error::GeometryError;
use crate::median::median;
use crate::observation::{Observation, PixelView};
use crate::options::Options;
use crate::points::{POINT_COUNT, bone_lengths};
use crate::priors::{FOCAL_SIGMA, FOCALS_TO_TRY, TYPICAL_FOCAL};
use crate::rig_fit::{RigFit, RigFitter};
use crate::solution::{Solution, SolvedCamera};
use crate::uncertainty::uncertainties;

/// Cameras stand at one place if they are nearer to one another than this part of the person's distance.
const MIN_BASELINE: f64 = 0.04;

/// Finds the rig. `sizes_px` is the width and height of each camera's pictures, `instants` the views per instant, one
/// per camera. Varied instants help more than many; 25 suffice.
///
/// With two or three cameras, pixels hardly show which of them took left for right. The views' own 3D joints decide
/// then; instants that remain contradictory have no points, and a rig with more than half of them is refused.
///
/// # Errors
/// If the input is not consistent, or too little for a rig; if the rig found cannot be right. See [`GeometryError`].
///
/// ```
/// use geometry::{GeometryError, Options, solve};
///
/// // Views come from a joint finder; here, two cameras have not seen anybody yet.
/// let instants = vec![vec![None, None]; 25];
/// let refused = solve(&[[1920.0, 1080.0]; 2], &instants, &Options::default()).unwrap_err();
/// assert_eq!(refused, GeometryError::TooFewInstants { found: 0, needed: 3 });
/// ```
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
    let min_instants = options.min_instants.max(1);
    if used.len() < min_instants {
        return Err(GeometryError::TooFewInstants { found: used.len(), needed: min_instants });
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
        RigFitter {
            focal,
            centre: &centre,
            min_instants,
            length_sum,
            free_focal: unknown && sizes_px.len() > 2,
            time_offsets: options.time_offsets,
        }
        .run(&observations)
    };
    let found = if options.focal_px.is_none() && !options.hold_focal && sizes_px.len() == 2 {
        let focals = |part: f64| sizes_px.iter().map(|size| part * size[0].max(size[1])).collect::<Vec<_>>();
        cheapest(FOCALS_TO_TRY.map(|part| {
            let mut found = attempt(&focals(part))?;
            found.mean_cost += (part.ln() / FOCAL_SIGMA).powi(2) / found.instants.len() as f64;
            Ok(found)
        }))?
    } else {
        attempt(&focal)?
    };
    let RigFit { mut adjustment, instants: fitted, exchanged, .. } = found;
    refuse_one_place(&adjustment.state)?;
    // A focal length that was fixed without being known has the uncertainty that the pixels leave.
    adjustment.free.focal = options.focal_px.is_none();
    let uncertainties = uncertainties(&adjustment);
    let Adjustment { views, state, .. } = adjustment;

    let mut cameras = Vec::new();
    for ((camera, lens), mut uncertainty) in state.lenses.iter().enumerate().zip(uncertainties) {
        let residual_px = residual(&state, &views, camera).ok_or(GeometryError::NotConverged)?;
        let limit_px = options.max_residual * sizes_px[camera][0].max(sizes_px[camera][1]);
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
    let contradicting_instants = used.len() - fitted.len();
    for (instant, points) in fitted.into_iter().zip(state.points) {
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

/// The fit of least cost; if all failed, why the first did.
fn cheapest<const N: usize>(tries: [Result<RigFit, GeometryError>; N]) -> Result<RigFit, GeometryError> {
    let mut best: Option<RigFit> = None;
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

/// Checks the input, and returns the focal lengths to begin with.
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
        return Ok(sizes_px.iter().map(|[width, height]| TYPICAL_FOCAL * width.max(*height)).collect());
    };
    if focal.len() != cameras || !focal.iter().all(|focal| focal.is_finite() && *focal > 0.0) {
        return Err(GeometryError::BadFocalLengths { count: focal.len(), cameras });
    }
    Ok(focal.clone())
}

/// The sum of the bone lengths in the views' own 3D joints, as a mean over the cameras; it sets the scale.
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

fn refuse_one_place(state: &RigState) -> Result<(), GeometryError> {
    let positions: Vec<Vector3<f64>> = state.lenses.iter().map(Lens::position).collect();
    let baseline_mm = positions.iter().flat_map(|a| positions.iter().map(move |b| (a - b).norm())).fold(0.0, f64::max);
    let mut distances: Vec<f64> =
        state.points.iter().flat_map(|points| positions.iter().map(|position| (points[0] - position).norm())).collect();
    let distance_mm = median(&mut distances).ok_or(GeometryError::NotConverged)?;
    if baseline_mm < MIN_BASELINE * distance_mm {
        return Err(GeometryError::CamerasAtOnePlace { baseline_mm, distance_mm });
    }
    Ok(())
}

/// The median distance between a camera's joints and the points, in pixels.
fn residual(state: &RigState, views: &[Vec<PixelView>], camera: usize) -> Option<f64> {
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
