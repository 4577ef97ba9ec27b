//! Whether a rig can be trusted, and if not, why.

use nalgebra::{Matrix3, Vector3};

use crate::camera::Camera;
use crate::observation::Observation;
use crate::options::Options;
use crate::points::{EXCHANGED, POINT_COUNT, Points, bone_lengths};
use crate::rotation::between_clouds;
use crate::select::variety;
use crate::single_view::in_camera_axes;
use crate::solution::Solution;
use crate::world::Up;

/// Two cameras whose views of the person differ by less than this, in degrees, show no depth.
const MIN_PARALLAX_DEGREES: f64 = 5.0;

/// The least variety of instants, as [`crate::variety`] measures it.
const MIN_SPREAD: f64 = 0.5;

/// The largest uncertainty of a camera's rotation, in degrees. On real joints errors were at least twice the
/// uncertainty, and three degrees are too many.
const MAX_UNCERTAIN_DEGREES: f64 = 1.5;

/// The largest part of instants that may contradict each other about left and right.
const MAX_CONTRADICTING: f64 = 0.25;

/// The least width of shoulders and hips, relative to single views. Narrower ones are a mixture of left and right: on
/// real joints wrong rigs had 0.53 to 0.69, right ones 0.78 to 1.1.
const MIN_WIDTH: f64 = 0.73;

/// The groups of [`crate::BONES`] across shoulders and hips.
const ACROSS: [usize; 2] = [4, 5];

/// A view counts as mirrored if mirroring it leaves less than this part of its distance to the others' bodies.
pub const MIRROR_GAIN: f64 = 0.7;

/// Why a camera or a rig cannot be trusted.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the messages say it")]
pub enum Doubt {
    #[error("it misses the points by {residual_px:.1} pixels (median), and at most {limit_px:.1} are allowed")]
    ResidualTooLarge { residual_px: f64, limit_px: f64 },

    #[error("its cameras contradict each other about left and right in {contradicting} of {instants} instants")]
    SidesInconsistent { contradicting: usize, instants: usize },

    #[error("its view differs from every other camera's by at most {degrees:.1} degrees, so there is no depth")]
    NoBaseline { degrees: f64 },

    #[error("what was seen does not determine its position")]
    NotDetermined,

    #[error("its pictures seem to be mirrored")]
    Mirrored,

    #[error("one of the two cameras' pictures seem to be mirrored")]
    OneOfTwoMirrored,

    #[error("it stands upside down")]
    UpsideDown,

    #[error("the person hardly moved: the instants differ by {variety:.2}, and {needed:.2} is needed")]
    TooLittleVariety { variety: f64, needed: f64 },

    #[error(
        "shoulders and hips have {percent:.0} % of the width that single views show, so left and right are mixed up"
    )]
    TooNarrow { percent: f64 },

    #[error("its direction may be off by {degrees:.1} degrees")]
    Uncertain { degrees: f64 },
}

/// The doubts about a rig.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// Per camera.
    pub cameras: Vec<Vec<Doubt>>,
    /// About the rig as a whole.
    pub rig: Vec<Doubt>,
}

impl Verdict {
    /// Whether there are no doubts.
    pub fn believable(&self) -> bool {
        self.rig.is_empty() && self.cameras.iter().all(Vec::is_empty)
    }
}

/// Judges a solution by what it was found from: `sizes_px`, `instants` and `options` as given to [`crate::solve`]. With
/// `up` (in the solution's axes) cameras that are upside down are found, too.
pub fn verdict(
    sizes_px: &[[f64; 2]],
    instants: &[Vec<Option<Observation>>],
    options: &Options,
    solution: &Solution,
    up: Option<&Up>,
) -> Verdict {
    let cameras = solution.cameras();
    let focals: Vec<f64> = cameras.iter().map(|camera| camera.focal_px).collect();
    let mirrored = mirrored(sizes_px, instants, &focals);
    let mut verdict = Verdict { cameras: vec![Vec::new(); cameras.len()], rig: Vec::new() };
    for (camera, solved) in solution.cameras.iter().enumerate() {
        let doubts = &mut verdict.cameras[camera];
        let (residual_px, limit_px) = (solved.residual_px, options.max_residual * solved.camera.long_side_px());
        if residual_px > limit_px {
            doubts.push(Doubt::ResidualTooLarge { residual_px, limit_px });
        }
        let degrees = parallax_degrees(&cameras, camera, solution);
        if degrees < MIN_PARALLAX_DEGREES {
            doubts.push(Doubt::NoBaseline { degrees });
        }
        if cameras.len() > 2 && mirrored.get(camera) == Some(&true) {
            doubts.push(Doubt::Mirrored);
        }
        // The picture's top points down.
        if up.is_some_and(|up| (solved.camera.rotation * up.direction).y > 0.5) {
            doubts.push(Doubt::UpsideDown);
        }
        match solved.uncertainty.as_ref().map(|of| of.rotation_degrees) {
            Some(degrees) if degrees > MAX_UNCERTAIN_DEGREES => doubts.push(Doubt::Uncertain { degrees }),
            Some(_) => {}
            None => doubts.push(Doubt::NotDetermined),
        }
    }
    if cameras.len() == 2 && mirrored.contains(&true) {
        verdict.rig.push(Doubt::OneOfTwoMirrored);
    }
    let contradicting = solution.contradicting_instants;
    let found = solution.points_mm.iter().flatten().count() + contradicting;
    if contradicting as f64 > MAX_CONTRADICTING * found as f64 {
        verdict.rig.push(Doubt::SidesInconsistent { contradicting, instants: found });
    }
    if let Some(width) = width(instants, solution).filter(|width| *width < MIN_WIDTH) {
        verdict.rig.push(Doubt::TooNarrow { percent: 100.0 * width });
    }
    let variety = variety(sizes_px, instants).unwrap_or(0.0);
    if variety < MIN_SPREAD {
        verdict.rig.push(Doubt::TooLittleVariety { variety, needed: MIN_SPREAD });
    }
    verdict
}

/// The width of shoulders and hips, relative to the views' own 3D joints.
fn width(instants: &[Vec<Option<Observation>>], solution: &Solution) -> Option<f64> {
    let own: Vec<Points> =
        instants.iter().flatten().flatten().filter(|view| view.usable()).map(Observation::points_mm).collect();
    let own = bone_lengths(&own);
    let ratios = ACROSS.map(|group| solution.bone_lengths_mm[group] / own[group]);
    Some(ratios.iter().sum::<f64>() / ratios.len() as f64).filter(|width| width.is_finite())
}

/// The largest angle between a camera and any other, as seen from the person; the median over instants.
fn parallax_degrees(cameras: &[Camera], camera: usize, solution: &Solution) -> f64 {
    let with = |other: usize| {
        let mut angles: Vec<f64> = solution
            .points_mm
            .iter()
            .flatten()
            .map(|points| {
                let middle = points.iter().sum::<Vector3<f64>>() / POINT_COUNT as f64;
                let ray = |camera: usize| cameras[camera].position_mm - middle;
                ray(camera).angle(&ray(other)).to_degrees()
            })
            .collect();
        crate::median::median(&mut angles).unwrap_or(0.0)
    };
    (0..cameras.len()).filter(|&other| other != camera).map(with).fold(0.0, f64::max)
}

/// Per camera whether its pictures seem to be mirrored: its own bodies fit the other cameras' much better as mirror
/// images. It shows little if the person does not turn. Of two cameras both or none are named, since it cannot be told
/// which it is. `focals_px` may be rough.
pub fn mirrored(sizes_px: &[[f64; 2]], instants: &[Vec<Option<Observation>>], focals_px: &[f64]) -> Vec<bool> {
    let count = sizes_px.len().min(focals_px.len());
    let bodies: Vec<Vec<Option<Points>>> = instants
        .iter()
        .map(|views| {
            let body = |camera: usize| {
                let view = views.get(camera)?.as_ref().filter(|view| view.usable())?;
                let centre = 0.5 * nalgebra::Vector2::from(sizes_px[camera]);
                let points = in_camera_axes(view, focals_px[camera], &centre);
                let middle = points.iter().sum::<Vector3<f64>>() / POINT_COUNT as f64;
                Some(points.map(|point| point - middle))
            };
            (0..count).map(body).collect()
        })
        .collect();
    let reflect = |points: &Points| -> Points {
        EXCHANGED.map(|from| Vector3::new(-points[from].x, points[from].y, points[from].z))
    };
    // The distance between two cameras' bodies after the best rotation, with or without mirroring.
    let apart = |a: usize, b: usize, mirror: bool| -> Option<f64> {
        let mut pairs = Vec::new();
        for views in &bodies {
            let (Some(from), Some(to)) = (&views[a], &views[b]) else { continue };
            let from = if mirror { reflect(from) } else { *from };
            pairs.extend((0..POINT_COUNT).map(|at| (from[at], to[at], 1.0)));
        }
        let rotation: Matrix3<f64> = between_clouds(&pairs)?;
        Some(pairs.iter().map(|(from, to, _)| (to - rotation * from).norm()).sum::<f64>() / pairs.len() as f64)
    };
    let between = |a: usize, b: usize| -> Option<bool> { Some(apart(a, b, true)? < MIRROR_GAIN * apart(a, b, false)?) };
    (0..count)
        .map(|camera| {
            let said: Vec<bool> =
                (0..count).filter(|&other| other != camera).filter_map(|other| between(camera, other)).collect();
            2 * said.iter().filter(|mirrored| **mirrored).count() > said.len()
        })
        .collect()
}
