//! From what cameras saw of a person to a rig that stands on its floor.

use geometry::{
    Observation, Options, POINT_COUNT, Scale, Similarity, Solution, Verdict, label, solve, up, verdict, world,
};
use nalgebra::{Matrix3, Vector3};

use crate::rig::{CameraGeometry, RigGeometry, ScaleSource, UpSource, WorldAxes};

type Points = [Vector3<f64>; POINT_COUNT];

/// What the cameras of a rig are called, and the width and height of their pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct RigCameras {
    pub names: Vec<String>,
    pub sizes_px: Vec<[f64; 2]>,
}

/// A rig, and what is to be said against it.
#[derive(Clone, Debug)]
pub struct FoundRig {
    pub geometry: RigGeometry,
    pub verdict: Verdict,
}

/// Finds a rig from instants that look different from one another; some 25 are plenty. `standing` are instants of the
/// whole recording, in their order, from which up, floor and origin are taken. `found_utc` is when this is.
///
/// # Errors
/// What the geometry refuses.
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
        .map(|views| Ok(label(&solved, &solution.bone_lengths_mm, views)?.map(|body| body.points_mm)))
        .collect::<Result<_, geometry::GeometryError>>()?;
    let standing_up = up(bodies.iter().flatten());
    let verdict = verdict(&cameras.sizes_px, instants, options, &solution, standing_up.as_ref());
    let found = world(&solved, &bodies, height_mm);
    let (to_world, scale, up) = match &found {
        Some(world) => {
            let scale = match world.scale {
                Scale::StatedHeight { .. } => ScaleSource::Stated,
                Scale::Guess => ScaleSource::Guess,
            };
            (world.from_solution.clone(), scale, UpSource::Found)
        }
        None => (as_if_level(&bodies), ScaleSource::Guess, UpSource::Unknown),
    };
    let geometry = describe(cameras, &solution, &to_world, (scale, up), found_utc);
    Ok(FoundRig { geometry, verdict })
}

/// The part of a body's lowest points that is taken to be below the floor by mistake.
const BELOW_FLOOR: f64 = 0.05;

/// The world where nobody stood upright: the first camera is taken to be level, and the lowest points of bodies to be on the
/// floor.
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
