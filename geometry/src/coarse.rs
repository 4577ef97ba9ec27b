//! By how many whole frames the recordings of two cameras are apart, from how a body moves in each view's own 3D.

use nalgebra::{Matrix3, Vector3};

use crate::points::POINT_COUNT;

type Points = [Vector3<f64>; POINT_COUNT];

/// Two recordings have to share this many frames at least, and this part of the shorter one: fewer fit by chance.
const LEAST_SHARED: usize = 20;
const LEAST_PART: f64 = 0.4;

/// Lags this near to the best one are no rivals to it, in frames.
const SAME_PEAK: i64 = 8;

/// The best lag between two recordings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Lag {
    /// The second camera's frame n shows what the first one's frame n − `frames` does.
    pub frames: i64,
    /// From 0 to 1: how much better it is than its nearest rival. A motion that repeats itself has rivals.
    pub confidence: f64,
}

/// Cameras stand still, so at the true lag one rotation turns how the bodies of one view move onto how the other's do; at a
/// wrong one, none does. What a view has wrong all the time does not move, so it says nothing. `first` and `second` hold each frame's body in its camera's axes, about its own middle. Nothing where the two
/// never share enough frames at any lag within `most`.
pub(crate) fn lag(first: &[Option<Points>], second: &[Option<Points>], most: usize) -> Option<Lag> {
    let seen = |track: &[Option<Points>]| track.iter().flatten().count();
    let least_shared = LEAST_SHARED.max((LEAST_PART * seen(first).min(seen(second)) as f64) as usize);
    let costs: Vec<(i64, f64)> = (-(most as i64)..=most as i64)
        .filter_map(|frames| Some((frames, cost(first, second, frames, least_shared)?)))
        .collect();
    let &(frames, best) = costs.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    let rivals = costs.iter().filter(|(at, _)| (at - frames).abs() > SAME_PEAK).map(|(_, cost)| *cost);
    let rival = rivals.fold(f64::INFINITY, f64::min);
    let confidence = if rival.is_finite() && rival > 0.0 { (1.0 - best / rival).clamp(0.0, 1.0) } else { 0.0 };
    Some(Lag { frames, confidence })
}

/// What is left, as a part of how far the bodies are from their mean, after the one rotation that turns the first camera's
/// best onto the second's.
fn cost(first: &[Option<Points>], second: &[Option<Points>], lag: i64, least_shared: usize) -> Option<f64> {
    let (mut product, mut size, mut shared) = (Matrix3::zeros(), 0.0, 0);
    let mut sums = [(Vector3::zeros(), Vector3::zeros()); POINT_COUNT];
    for (at, body) in first.iter().enumerate() {
        let other = usize::try_from(at as i64 + lag).ok().and_then(|other| second.get(other)?.as_ref());
        let (Some(a), Some(b)) = (body, other) else { continue };
        for ((a, b), sum) in a.iter().zip(b).zip(&mut sums) {
            product += b * a.transpose();
            size += a.norm_squared() + b.norm_squared();
            *sum = (sum.0 + a, sum.1 + b);
        }
        shared += 1;
    }
    for (a, b) in &sums {
        product -= b * a.transpose() / shared as f64;
        size -= (a.norm_squared() + b.norm_squared()) / shared as f64;
    }
    if shared < least_shared || size <= 0.0 {
        return None;
    }
    let svd = product.svd(true, true);
    let (u, v) = (svd.u?, svd.v_t?);
    let turned =
        svd.singular_values[0] + svd.singular_values[1] + svd.singular_values[2] * (u * v).determinant().signum();
    Some(((size - 2.0 * turned) / size).max(0.0))
}
