//! The shifts of cameras over several stretches, with their uncertainties.

use super::camera_shifts::{PairShift, camera_shifts};
use super::evidence::Stretch;
use super::peak::peak;
use super::settings::HealthSettings;

/// The shift of a camera and one standard deviation of it, in frames.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shift {
    pub frames: f64,
    pub uncertainty_frames: f64,
}

/// The shift of each camera over these stretches together. Its uncertainty is how much it depends on which stretches
/// there happen to be (jackknife): pairs share cameras and stretches share a motion, so that scores within one say
/// little about each other's errors. `None` for a camera that is unknown with or without some stretch.
pub(super) fn shifts(cameras: usize, stretches: &[&Stretch], settings: &HealthSettings) -> Vec<Option<Shift>> {
    let sums: Vec<Curve> = curves(cameras, stretches, settings);
    let whole = of_curves(cameras, &sums, None, settings);
    let n = stretches.len() as f64;
    let without: Vec<Vec<Option<f64>>> =
        (0..stretches.len()).map(|left_out| of_curves(cameras, &sums, Some(left_out), settings)).collect();
    whole
        .into_iter()
        .enumerate()
        .map(|(camera, frames)| {
            let frames = frames?;
            let each: Vec<f64> = without.iter().map(|shifts| shifts[camera]).collect::<Option<_>>()?;
            let mean = each.iter().sum::<f64>() / n;
            let variance = (n - 1.0) / n * each.iter().map(|shift| (shift - mean).powi(2)).sum::<f64>();
            let uncertainty_frames = (variance.sqrt() * widened(n)).hypot(settings.floor_frames);
            Some(Shift { frames, uncertainty_frames })
        })
        .collect()
}

/// Few stretches tell their own spread badly: how much farther out Student's distribution has what the normal one has at
/// four standard deviations (2.9 times for 6 stretches, 1.4 for 16).
fn widened(stretches: f64) -> f64 {
    1.0 + 22.0 / (stretches - 1.0).max(1.0).powf(1.5)
}

/// The summed scores of a pair.
struct Curve {
    cameras: [usize; 2],
    sum: Vec<f64>,
    /// Its scores in each stretch that has them.
    each: Vec<(usize, Vec<f64>)>,
}

fn curves(cameras: usize, stretches: &[&Stretch], settings: &HealthSettings) -> Vec<Curve> {
    let mut curves: Vec<Curve> = Vec::new();
    for (at, stretch) in stretches.iter().enumerate() {
        let usable = stretch.pairs.iter().filter(|pair| {
            pair.is_usable(settings.reach, settings.min_motion) && pair.cameras.iter().all(|&camera| camera < cameras)
        });
        for pair in usable {
            let found = curves.iter().position(|curve| curve.cameras == pair.cameras);
            let curve = found.unwrap_or_else(|| {
                let sum = vec![0.0; pair.scores.len()];
                curves.push(Curve { cameras: pair.cameras, sum, each: Vec::new() });
                curves.len() - 1
            });
            let curve = &mut curves[curve];
            curve.sum.iter_mut().zip(&pair.scores).for_each(|(sum, score)| *sum += score);
            curve.each.push((at, pair.scores.clone()));
        }
    }
    curves
}

/// The shifts of cameras from all stretches, or all but one.
fn of_curves(cameras: usize, curves: &[Curve], left_out: Option<usize>, settings: &HealthSettings) -> Vec<Option<f64>> {
    let of_pair = |curve: &Curve| {
        let out = curve.each.iter().find(|(at, _)| Some(*at) == left_out).map(|(_, scores)| scores);
        let count = (curve.each.len() - usize::from(out.is_some())) as f64;
        let mean = |(at, sum): (usize, &f64)| (sum - out.map_or(0.0, |scores| scores[at])) / count;
        let mean: Vec<f64> = curve.sum.iter().enumerate().map(mean).collect();
        // Where the second camera's later pictures fit best, it is behind.
        let frames = -peak(&mean, settings.min_peak)?;
        Some(PairShift { cameras: curve.cameras, frames, weight: count })
    };
    camera_shifts(cameras, &curves.iter().filter_map(of_pair).collect::<Vec<_>>())
}
