//! What is assumed before anything is measured: standard deviations and first focal lengths.

/// Of a joint's pixels in the last stage, in pictures of the reference size.
pub(crate) const SIGMA_PX: f64 = 6.0;

/// Of a bone's length in the last stage, in millimetres.
pub(crate) const BONE_SIGMA_MM: f64 = 25.0;

/// Of the logarithm of the focal length.
pub(crate) const FOCAL_SIGMA: f64 = 0.1;

/// Of an offset in time, in frames.
pub(crate) const OFFSET_SIGMA: f64 = 5.0;

/// Of the sum of all bone lengths, in millimetres. It sets the scale and is practically fixed.
pub(crate) const LENGTH_SUM_SIGMA_MM: f64 = 1.0;

/// The focal length of a camera that nothing is known about, in long sides of the picture.
pub const TYPICAL_FOCAL: f64 = 1.2;

/// The focal lengths, in long sides of the picture, that two cameras, or one camera by itself, are tried with; the one
/// of least cost is taken, where 1 is expected.
pub(crate) const FOCALS_TO_TRY: [f64; 5] = [0.7, 0.85, 1.0, 1.2, 1.45];
