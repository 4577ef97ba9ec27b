//! How points move in a camera's pictures, from the frames around.

use nalgebra::Vector2;

use crate::points::POINT_COUNT;

/// The width of the smoothing, in frames.
const SIGMA_FRAMES: f64 = 1.5;

/// How many frames before and after are looked at.
const REACH: usize = 4;

/// Fewer frames than this say nothing.
const LEAST_FRAMES: usize = 3;

/// The velocities of one camera's points, in pixels a frame, from its consecutive frames: `track` holds the pixels of
/// every frame, nothing where the person was not found. Each velocity is the slope of the line through the frames
/// around, weighted by a Gaussian of 1.5 frames; a frame has none where it or both its neighbours are missing, or
/// fewer than three frames are near. A point that is no number has the velocity zero.
pub fn velocities(track: &[Option<[[f64; 2]; POINT_COUNT]>]) -> Vec<Option<[[f64; 2]; POINT_COUNT]>> {
    (0..track.len()).map(|frame| velocity(track, frame)).collect()
}

fn velocity(track: &[Option<[[f64; 2]; POINT_COUNT]>], frame: usize) -> Option<[[f64; 2]; POINT_COUNT]> {
    track[frame].as_ref()?;
    let there = |at: usize| track.get(at).is_some_and(Option::is_some);
    let beside = there(frame + 1) || frame.checked_sub(1).is_some_and(there);
    let range = frame.saturating_sub(REACH)..(frame + REACH + 1).min(track.len());
    let near: Vec<(f64, &[[f64; 2]; POINT_COUNT])> =
        range.filter_map(|at| Some((at as f64 - frame as f64, track[at].as_ref()?))).collect();
    if !beside || near.len() < LEAST_FRAMES {
        return None;
    }
    Some(std::array::from_fn(|point| slope(near.iter().map(|(time, px)| (*time, Vector2::from(px[point])))).into()))
}

/// The slope of a line through values at times, near ones counting most.
fn slope(values: impl Iterator<Item = (f64, Vector2<f64>)>) -> Vector2<f64> {
    let (mut sum, mut time_sum, mut square_sum) = (0.0, 0.0, 0.0);
    let (mut value_sum, mut product_sum) = (Vector2::zeros(), Vector2::zeros());
    for (time, value) in values.filter(|(_, value)| value.iter().all(|value| value.is_finite())) {
        let weight = (-0.5 * (time / SIGMA_FRAMES).powi(2)).exp();
        sum += weight;
        time_sum += weight * time;
        square_sum += weight * time * time;
        value_sum += weight * value;
        product_sum += weight * time * value;
    }
    let spread = square_sum * sum - time_sum * time_sum;
    if spread > 1e-6 { (product_sum * sum - value_sum * time_sum) / spread } else { Vector2::zeros() }
}
