//! The offset between two recordings in whole frames, from the motion of the body in each view's own 3D joints.

use nalgebra::{Matrix3, Vector3};

use crate::points::{POINT_COUNT, Points};

/// Two recordings must overlap in this many frames at least; fewer fit by chance.
const MIN_SHARED: usize = 20;

/// They must also overlap in this part of the shorter one.
const MIN_PART: f64 = 0.4;

/// Lags within this many frames of the best one belong to the same peak.
const SAME_PEAK: i64 = 8;

/// The best lag between two recordings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Lag {
    /// The second camera's frame n shows what the first one's frame n − `frames` does.
    pub frames: i64,
    /// From 0 to 1: how much better it is than the best lag of another peak. Periodic motion has such peaks.
    pub confidence: f64,
}

/// The lag within ±`most` frames at which one rotation best maps the motion of the bodies in one view onto that in the
/// other; cameras do not move, so such a rotation exists at the true lag only. Constant errors of a view cancel, since
/// only motion counts. `first` and `second` hold each frame's body in its camera's axes, relative to its own middle.
/// `None` if the two overlap too little at all lags.
pub(crate) fn lag(first: &[Option<Points>], second: &[Option<Points>], most: usize) -> Option<Lag> {
    let seen = |track: &[Option<Points>]| track.iter().flatten().count();
    let min_shared = MIN_SHARED.max((MIN_PART * seen(first).min(seen(second)) as f64) as usize);
    let costs: Vec<(i64, f64)> = (-(most as i64)..=most as i64)
        .filter_map(|frames| Some((frames, cost(first, second, frames, min_shared)?)))
        .collect();
    let &(frames, best) = costs.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    let rivals = costs.iter().filter(|(at, _)| (at - frames).abs() > SAME_PEAK).map(|(_, cost)| *cost);
    let rival = rivals.fold(f64::INFINITY, f64::min);
    let confidence = if rival.is_finite() && rival > 0.0 { (1.0 - best / rival).clamp(0.0, 1.0) } else { 0.0 };
    Some(Lag { frames, confidence })
}

/// What remains after the best rotation of the first camera's motion onto the second's, as a part of that motion.
fn cost(first: &[Option<Points>], second: &[Option<Points>], lag: i64, min_shared: usize) -> Option<f64> {
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
    if shared < min_shared || size <= 0.0 {
        return None;
    }
    let svd = product.svd(true, true);
    let (u, v) = (svd.u?, svd.v_t?);
    let rotated =
        svd.singular_values[0] + svd.singular_values[1] + svd.singular_values[2] * (u * v).determinant().signum();
    Some(((size - 2.0 * rotated) / size).max(0.0))
}
