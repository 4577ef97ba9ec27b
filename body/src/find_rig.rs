//! Finds a rig from what its cameras saw of a person, and places it on the floor.

use geometry::{
    Observation, Options, Points, Similarity, Solution, Verdict, WorldScale, fit_body, solve, up, verdict, world,
};
use nalgebra::{Matrix3, Vector3};

use crate::rig::{CameraGeometry, RigGeometry, ScaleSource, UpSource, WorldAxes};

/// The cameras of a rig.
#[derive(Clone, Debug, PartialEq)]
pub struct RigCameras {
    /// One name per camera.
    pub names: Vec<String>,
    /// Width and height of each camera's pictures.
    pub sizes_px: Vec<[f64; 2]>,
}

/// A rig, and the doubts about it.
#[derive(Clone, Debug)]
pub struct FoundRig {
    /// The rig in a world that stands on the floor.
    pub geometry: RigGeometry,
    /// The doubts; none for a rig to be trusted.
    pub verdict: Verdict,
}

/// Finds a rig from varied instants, of which about 25 suffice. `standing` are instants of the whole recording in
/// order; up, floor and origin come from them. Each instant has one view per camera. `found_utc` is the present time.
///
/// # Errors
/// Those of [`geometry::solve`] and [`geometry::fit_body`].
pub fn find_rig(
    cameras: &RigCameras,
    instants: &[Vec<Option<Observation>>],
    standing: &[Vec<Option<Observation>>],
    options: &Options,
    height_mm: Option<f64>,
    found_utc: &str,
) -> Result<FoundRig, geometry::GeometryError> {
    let solution = solve(&cameras.sizes_px, instants, options)?;
    let solved = solution.cameras();
    let bodies: Vec<Option<Points>> = standing
        .iter()
        .map(|views| Ok(fit_body(&solved, &solution.bone_lengths_mm, views)?.map(|body| body.points_mm)))
        .collect::<Result<_, geometry::GeometryError>>()?;
    let standing_up = up(bodies.iter().flatten());
    let verdict = verdict(&cameras.sizes_px, instants, options, &solution, standing_up.as_ref());
    let found = world(&solved, &bodies, height_mm);
    let (to_world, scale, up) = match &found {
        Some(world) => {
            let scale = match world.scale {
                WorldScale::StatedHeight { .. } => ScaleSource::Stated,
                WorldScale::Guess => ScaleSource::Guess,
            };
            (world.from_solution.clone(), scale, UpSource::Found)
        }
        None => (as_if_level(&bodies), ScaleSource::Guess, UpSource::Unknown),
    };
    let geometry = describe(cameras, &solution, &to_world, (scale, up), found_utc);
    Ok(FoundRig { geometry, verdict })
}

/// The share of bodies whose lowest point is assumed to lie below the floor by mistake.
const BELOW_FLOOR: f64 = 0.05;

/// The world if nobody stood upright: assumes that the first camera is level and that the lowest points of bodies are
/// on the floor.
fn as_if_level(bodies: &[Option<Points>]) -> Similarity {
    let rotation = Matrix3::new(0.0, 0.0, 1.0, -1.0, 0.0, 0.0, 0.0, -1.0, 0.0);
    let turned = |point: &Vector3<f64>| rotation * point;
    let lowest = |body: &Points| body.iter().map(|point| turned(point).z).fold(f64::INFINITY, f64::min);
    let mut lowest: Vec<f64> = bodies.iter().flatten().map(lowest).collect();
    lowest.sort_by(f64::total_cmp);
    let floor = lowest.get((BELOW_FLOOR * lowest.len() as f64) as usize).copied().unwrap_or(0.0);
    let first = bodies.iter().flatten().next();
    let stood = first.map_or_else(Vector3::zeros, |body| turned(&((body[9] + body[10]) / 2.0)));
    Similarity { scale: 1.0, rotation, translation_mm: -Vector3::new(stood.x, stood.y, floor) }
}

fn describe(
    cameras: &RigCameras,
    solution: &Solution,
    to_world: &Similarity,
    (scale, up): (ScaleSource, UpSource),
    found_utc: &str,
) -> RigGeometry {
    let of_camera = |at: usize| {
        let solved = &solution.cameras[at];
        CameraGeometry::new(solved, &to_world.camera(&solved.camera), cameras.sizes_px[at], to_world.scale)
    };
    let geometry = RigGeometry {
        id: String::new(),
        found_utc: found_utc.to_owned(),
        instants: solution.points_mm.iter().flatten().count(),
        world: WorldAxes::ZUp,
        scale,
        up,
        bone_lengths_mm: solution.bone_lengths_mm.map(|length| length * to_world.scale),
        cameras: cameras.names.iter().enumerate().map(|(at, name)| (name.clone(), of_camera(at))).collect(),
    };
    geometry.with_id()
}
