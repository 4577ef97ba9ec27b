//! The two robust losses of the adjustment.

/// The scale of the Geman-McClure loss, in standard deviations.
const BEND: f64 = 3.0;

/// Where a bone's loss becomes linear, in standard deviations.
const BONE_LINEAR: f64 = 2.0;

/// Geman-McClure: quadratic near zero, flat for outliers.
pub(crate) fn pixel_loss(error: f64) -> f64 {
    error * error / (1.0 + (error / BEND).powi(2))
}

/// The weight with which a squared error has the slope of [`pixel_loss`].
pub(crate) fn pixel_weight(error: f64) -> f64 {
    (1.0 + (error / BEND).powi(2)).powi(-2)
}

/// Half the second derivative of [`pixel_loss`].
pub(crate) fn pixel_bend(error: f64) -> f64 {
    let square = (error / BEND).powi(2);
    (1.0 - 3.0 * square) / (1.0 + square).powi(3)
}

/// Huber: quadratic near zero, linear beyond.
pub(crate) fn bone_loss(error: f64) -> f64 {
    let size = error.abs();
    if size < BONE_LINEAR { size * size } else { 2.0 * BONE_LINEAR * size - BONE_LINEAR * BONE_LINEAR }
}

/// The weight with which a squared error has the slope of [`bone_loss`].
pub(crate) fn bone_weight(error: f64) -> f64 {
    (BONE_LINEAR / error.abs().max(1e-9)).min(1.0)
}
