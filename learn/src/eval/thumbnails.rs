//! Features for ridge regression: pictures reduced to 16×16 pixels.

use subject::Sample;
use tch::Tensor;

use super::pictures::values;
use crate::LearnError;
use crate::error::during;

const SIDE: usize = 16;
/// Regularisation strength of the ridge regression, for values in 0..1.
pub(crate) const RIDGE_STRENGTH: f64 = 1.0;

/// Inputs `[N, 3, S, S]` in −1..1 averaged to 16×16 pixels in 0..1.
pub(crate) fn of_inputs(input: &Tensor) -> Result<Vec<Vec<f32>>, LearnError> {
    let small = || -> Result<Vec<f32>, model::ModelError> {
        let unit = input.f_add_scalar(1.0)?.f_mul_scalar(0.5)?;
        values(&unit.f_adaptive_avg_pool2d([SIDE as i64, SIDE as i64])?)
    };
    let small = small().map_err(during("making thumbnails"))?;
    Ok(small.chunks_exact(3 * SIDE * SIDE).map(<[f32]>::to_vec).collect())
}

/// The crop without its background, averaged to 16×16 RGB pixels in 0..1.
pub(crate) fn of_sample(sample: &Sample) -> Vec<f32> {
    let size = usize::from(sample.size_px);
    let (mut sums, mut counts) = (vec![0.0_f32; SIDE * SIDE * 3], vec![0.0_f32; SIDE * SIDE]);
    for (pixel, (rgb, mask)) in sample.rgb.chunks_exact(3).zip(sample.mask.iter()).enumerate() {
        let (row, column) = (pixel / size * SIDE / size, pixel % size * SIDE / size);
        let cell = row * SIDE + column;
        counts[cell] += 1.0;
        if *mask > 0 {
            for (channel, value) in rgb.iter().enumerate() {
                sums[3 * cell + channel] += f32::from(*value) / 255.0;
            }
        }
    }
    // A crop smaller than the thumbnail leaves cells empty.
    sums.iter().enumerate().map(|(at, sum)| sum / counts[at / 3].max(1.0)).collect()
}

#[cfg(test)]
mod tests {
    use subject::{BackgroundId, Region};

    use super::*;

    #[test]
    fn a_thumbnail_is_the_mean_of_its_cells_without_background() {
        // 32 px: cells of 2×2. Red grows along a row; the lower half is background.
        let rgb: Vec<u8> = (0..32 * 32).flat_map(|pixel| [(pixel % 32) as u8, 255, 0]).collect();
        let mask: Vec<u8> = (0..32 * 32).map(|pixel| if pixel < 16 * 32 { 255 } else { 0 }).collect();
        let sample = Sample {
            size_px: 32,
            rgb: rgb.into(),
            mask: mask.into(),
            region: Region { centre_px: [0.0; 2], side_px: 1.0 },
            background: BackgroundId(0),
        };
        let thumbnail = of_sample(&sample);
        assert_eq!(thumbnail.len(), 16 * 16 * 3);
        let at = |row: usize, column: usize| &thumbnail[3 * (16 * row + column)..][..3];
        assert!((at(0, 5)[0] - 10.5 / 255.0).abs() < 1e-6);
        assert_eq!(&at(7, 0)[1..], [1.0, 0.0]);
        assert_eq!(at(8, 5), [0.0; 3]);
    }
}
