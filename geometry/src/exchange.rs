//! Exchanges left and right of views in which the joint finder took one for the other.

use nalgebra::Vector3;

use crate::camera::Lens;
use crate::observation::PixelView;
use crate::points::{EXCHANGED, POINT_COUNT};

/// Errors are clamped to this many pixels (in pictures of the reference size).
const MAX_PX: f64 = 60.0;

/// A view is exchanged if that leaves less than this part of its error.
const MUCH_BETTER: f64 = 0.7;

/// Exchanges left and right of a view if the points then fit much better, and returns whether it did.
pub(crate) fn exchange(lens: &Lens, view: &mut PixelView, points: &[Vector3<f64>; POINT_COUNT]) -> bool {
    let pixels = points.map(|point| lens.project(&point).px);
    let error = |mirror: bool| -> f64 {
        (0..POINT_COUNT)
            .map(|point| {
                let from = if mirror { EXCHANGED[point] } else { point };
                view.weight[from] * (pixels[point] - view.earlier(from, lens.offset)).norm().min(MAX_PX * lens.unit())
            })
            .sum()
    };
    let better = error(true) < MUCH_BETTER * error(false);
    if better {
        *view = view.exchanged();
    }
    better
}
