//! The world of a rig: which way is up, where the floor is, how tall the person is.

use nalgebra::{Matrix3, Vector3};

use crate::camera::Camera;
use crate::median::median;
use crate::points::{LEFT_HIP, Points, RIGHT_HIP};
use crate::similarity::Similarity;

const EARS: [usize; 2] = [1, 2];
const SHOULDERS: [usize; 2] = [3, 4];
const KNEES: [usize; 2] = [11, 12];
const ANKLES: [usize; 2] = [13, 14];

/// Heels and toes, which touch the floor.
const SOLES: [usize; 4] = [15, 16, 17, 18];

/// A leg is straight if the distance from hip to ankle is at least this part of thigh and shin.
const STRAIGHT_LEG: f64 = 0.94;

/// Trunk and legs are in line if the angle between them is less than this, in degrees.
const UPRIGHT_DEGREES: f64 = 25.0;

/// The fewest standing instants that up is found from.
const MIN_STANDING: usize = 5;

/// Up is unknown if standing bodies lean by more than this from it (median, in degrees).
const MAX_SPREAD_DEGREES: f64 = 20.0;

/// Rounds in the search for the middle direction.
const ROUNDS: usize = 20;

/// The part of soles assumed to be below the floor by mistake.
const FLOOR_QUANTILE: f64 = 0.05;

/// From the ears to the top of the head, as a part of the standing height: 130 mm of 1750 mm, about what
/// anthropometric tables give for the opening of the ear of men and women.
pub const EARS_TO_CROWN: f64 = 0.074;

/// The quantile over standing instants that is the standing height, since bent knees and necks only shorten it.
const HEIGHT_QUANTILE: f64 = 0.8;

/// Which way is up, by standing bodies.
#[derive(Clone, Debug, PartialEq)]
pub struct Up {
    /// Of length one, in the axes of the points.
    pub direction: Vector3<f64>,
    /// The median angle between it and the standing bodies, in degrees. 2 to 6 are usual.
    pub spread_degrees: f64,
    /// How many standing instants it was found from.
    pub instants: usize,
}

/// Where the size of a world comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WorldScale {
    /// The joint finder's own estimate of a person's size, usually 5 to 15 % off.
    Guess,
    /// The person's stated height.
    StatedHeight {
        /// In millimetres.
        height_mm: f64,
    },
}

/// A world with z up and the floor at z = 0, right-handed, in millimetres.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    /// From the solution's axes to this world: [`Similarity::point`] and [`Similarity::camera`].
    pub from_solution: Similarity,
    /// In the solution's axes.
    pub up: Up,
    /// Where the size comes from.
    pub scale: WorldScale,
    /// The person's standing height in this world, with the top of the head guessed from the ears, in millimetres.
    pub height_mm: f64,
}

/// Which way is up, from bodies that stand upright with straight legs. `None` if there are fewer than five, or they
/// lean by more than 20 degrees (median).
pub fn up<'a>(instants: impl IntoIterator<Item = &'a Points>) -> Option<Up> {
    let axes: Vec<Vector3<f64>> = instants.into_iter().filter_map(standing_axis).collect();
    if axes.len() < MIN_STANDING {
        return None;
    }
    // The geometric median of the directions, by reweighting.
    let mut direction = axes.iter().sum::<Vector3<f64>>().try_normalize(1e-9)?;
    for _ in 0..ROUNDS {
        let weighted: Vector3<f64> = axes.iter().map(|axis| axis / ((axis - direction).norm() + 1e-3)).sum();
        direction = weighted.try_normalize(1e-9)?;
    }
    let mut angles: Vec<f64> = axes.iter().map(|axis| degrees(axis, &direction)).collect();
    let spread_degrees = median(&mut angles)?;
    (spread_degrees <= MAX_SPREAD_DEGREES).then_some(Up { direction, spread_degrees, instants: axes.len() })
}

/// The world of a solution: z up, the floor through the lowest heels and toes, the origin where the person first stood,
/// x along the first camera's viewing direction projected onto the floor. With `stated_height_mm` it is scaled to that
/// standing height; otherwise the scale remains a guess. `None` if up or the height cannot be found.
pub fn world(cameras: &[Camera], instants: &[Option<Points>], stated_height_mm: Option<f64>) -> Option<World> {
    let up = up(instants.iter().flatten())?;
    let guessed = standing_height_mm(instants.iter().flatten(), &up)?;
    let scale = match stated_height_mm {
        Some(height_mm) if height_mm.is_finite() && height_mm > 0.0 => WorldScale::StatedHeight { height_mm },
        _ => WorldScale::Guess,
    };
    let factor = match scale {
        WorldScale::Guess => 1.0,
        WorldScale::StatedHeight { height_mm } => height_mm / guessed,
    };
    let z = up.direction;
    let look = cameras.first()?.rotation;
    // For a camera that looks straight down, the picture's top is ahead.
    let ahead = |row: usize, sign: f64| {
        let along = sign * look.row(row).transpose();
        let flat = along - z * along.dot(&z);
        (flat.norm() > 0.1).then(|| flat.normalize())
    };
    let x = ahead(2, 1.0).or_else(|| ahead(1, -1.0))?;
    let rotation = Matrix3::from_rows(&[x.transpose(), z.cross(&x).transpose(), z.transpose()]);
    let mut soles: Vec<f64> =
        instants.iter().flatten().flat_map(|points| SOLES.map(|sole| points[sole].dot(&z))).collect();
    let floor = quantile(&mut soles, FLOOR_QUANTILE)?;
    let first = instants.iter().flatten().find(|points| standing_axis(points).is_some())?;
    let stood = SOLES.iter().map(|&sole| first[sole]).sum::<Vector3<f64>>() / SOLES.len() as f64;
    let origin = stood + z * (floor - stood.dot(&z));
    let translation_mm = -factor * (rotation * origin);
    let from_solution = Similarity { scale: factor, rotation, translation_mm };
    Some(World { from_solution, up, scale, height_mm: factor * guessed })
}

/// The person's standing height in the unit of the points: from the lower sole to the ears along up, extended to the
/// top of the head by [`EARS_TO_CROWN`]. It is the 0.8 quantile over standing instants; `None` if there are none.
pub fn standing_height_mm<'a>(instants: impl IntoIterator<Item = &'a Points>, up: &Up) -> Option<f64> {
    let mut heights: Vec<f64> = instants
        .into_iter()
        .filter(|points| standing_axis(points).is_some())
        .map(|points| {
            let lowest = SOLES.map(|sole| points[sole].dot(&up.direction)).into_iter().fold(f64::INFINITY, f64::min);
            (middle(points, EARS).dot(&up.direction) - lowest) / (1.0 - EARS_TO_CROWN)
        })
        .collect();
    quantile(&mut heights, HEIGHT_QUANTILE)
}

/// The direction from the ankles to the ears of a body that stands upright on straight legs; `None` for others.
fn standing_axis(points: &Points) -> Option<Vector3<f64>> {
    let straight = (0..2).all(|side| {
        let (hip, knee, ankle) = (points[[LEFT_HIP, RIGHT_HIP][side]], points[KNEES[side]], points[ANKLES[side]]);
        (hip - ankle).norm() >= STRAIGHT_LEG * ((hip - knee).norm() + (knee - ankle).norm())
    });
    let hips = middle(points, [LEFT_HIP, RIGHT_HIP]);
    let (legs, trunk) = (hips - middle(points, ANKLES), middle(points, SHOULDERS) - hips);
    let axis = middle(points, EARS) - middle(points, ANKLES);
    (straight && degrees(&legs, &trunk) < UPRIGHT_DEGREES).then(|| axis.try_normalize(1e-6)).flatten()
}

fn middle(points: &Points, pair: [usize; 2]) -> Vector3<f64> {
    0.5 * (points[pair[0]] + points[pair[1]])
}

fn degrees(a: &Vector3<f64>, b: &Vector3<f64>) -> f64 {
    a.angle(b).to_degrees()
}

/// The value below which this part of all values lies.
fn quantile(values: &mut Vec<f64>, part: f64) -> Option<f64> {
    values.retain(|value| value.is_finite());
    values.sort_unstable_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    Some(values[(part * last as f64).round() as usize])
}
