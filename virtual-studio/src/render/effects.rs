//! Effects of lens, shutter and sensor on a picture.

use glam::Vec3A;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::RenderedPicture;
use super::colour::Colours;
use crate::seed;

/// Motion blur: the mean of pictures while the shutter was open. The mask becomes the share of the time; depth is that
/// of the middle picture.
///
/// Returns an empty picture for none.
pub fn expose(mut pictures: Vec<RenderedPicture>) -> RenderedPicture {
    let middle = pictures.len() / 2;
    if pictures.len() < 2 {
        return pictures.pop().unwrap_or_default();
    }
    let colours = Colours::new();
    let share = 1.0 / pictures.len() as f32;
    let mut mean =
        RenderedPicture { depth_m: std::mem::take(&mut pictures[middle].depth_m), ..RenderedPicture::default() };
    (mean.width, mean.height) = (pictures[0].width, pictures[0].height);
    mean.rgb = vec![0; pictures[0].rgb.len()];
    mean.mask = vec![0; pictures[0].mask.len()];
    for at in 0..mean.mask.len() {
        let pixel = |picture: &RenderedPicture| -> [u8; 3] { [0, 1, 2].map(|channel| picture.rgb[3 * at + channel]) };
        let first = pixel(&pictures[0]);
        let rgb = if pictures[1..].iter().all(|picture| pixel(picture) == first) {
            first
        } else {
            colours.encode(pictures.iter().map(|picture| colours.decode(pixel(picture))).sum::<Vec3A>() * share)
        };
        mean.rgb[3 * at..3 * at + 3].copy_from_slice(&rgb);
        let covered: u32 = pictures.iter().map(|picture| u32::from(picture.mask[at])).sum();
        mean.mask[at] = (covered as f32 * share).round() as u8;
    }
    mean
}

/// Blurs the picture, not the mask, by a Gaussian of `sigma_px`: a lens out of focus.
pub fn defocus(picture: &mut RenderedPicture, sigma_px: f32) {
    if sigma_px < 0.25 || picture.rgb.is_empty() {
        return;
    }
    let weights = gaussian(sigma_px);
    let reach = weights.len() / 2;
    let (row, height) = (3 * picture.width as usize, picture.height as usize);
    let mut sums = vec![0; row];
    let mut padded = Vec::with_capacity(row + 6 * reach);
    let mut across = vec![0; picture.rgb.len()];
    for (from, to) in picture.rgb.chunks_exact(row).zip(across.chunks_exact_mut(row)) {
        // Beyond the ends, the last pixel is repeated.
        padded.clear();
        (0..reach).for_each(|_| padded.extend_from_slice(&from[..3]));
        padded.extend_from_slice(from);
        (0..reach).for_each(|_| padded.extend_from_slice(&from[row - 3..]));
        blur(to, &mut sums, &weights, |tap| &padded[3 * tap..3 * tap + row]);
    }
    for (y, to) in picture.rgb.chunks_exact_mut(row).enumerate() {
        blur(to, &mut sums, &weights, |tap| {
            let source = (y + tap).saturating_sub(reach).min(height - 1);
            &across[source * row..][..row]
        });
    }
}

/// Weights in parts of 256, an odd number of them.
fn gaussian(sigma_px: f32) -> Vec<u16> {
    let reach = (2.5 * sigma_px).ceil() as i32;
    let weight = |distance: i32| (-0.5 * (distance as f32 / sigma_px).powi(2)).exp();
    let sum: f32 = (-reach..=reach).map(weight).sum();
    let mut weights: Vec<u16> = (-reach..=reach).map(|at| (256.0 * weight(at) / sum).round() as u16).collect();
    // Add the rounding error to the middle.
    let others = weights.iter().sum::<u16>() - weights[reach as usize];
    weights[reach as usize] = 256 - others;
    weights
}

/// Writes the weighted mean of lines.
fn blur<'a>(to: &mut [u8], sums: &mut [u16], weights: &[u16], line: impl Fn(usize) -> &'a [u8]) {
    sums.fill(128);
    for (tap, &weight) in weights.iter().enumerate() {
        // No more than 256 × 255 in all, with the 128: it fits.
        sums.iter_mut().zip(line(tap)).for_each(|(sum, &value)| *sum += weight * u16::from(value));
    }
    to.iter_mut().zip(&*sums).for_each(|(out, &sum)| *out = (sum >> 8) as u8);
}

/// Sensor noise: a fixed tile of normal deviates, placed differently over each picture.
#[derive(Clone, Debug)]
pub struct Sensor {
    /// In units of 1 / 8192.
    tile: Vec<i16>,
    /// Standard deviation of black and of white, in 1 / 128 of a step.
    least: i16,
}

const TILE: usize = 1 << 16;

impl Sensor {
    /// `noise` is the standard deviation of a mid grey in parts of full scale, at most 0.2. Black and white have half
    /// of it: shot noise falls towards black, and the encoding of brightness compresses that of highlights.
    pub fn new(noise: f32, seed: u64) -> Self {
        let mut rng = seed::stream(seed, "sensor");
        let deviate = |rng: &mut ChaCha8Rng| (8192.0 * seed::normal(rng)).clamp(-32_000.0, 32_000.0) as i16;
        Self {
            tile: (0..TILE).map(|_| deviate(&mut rng)).collect(),
            least: (0.5 * 128.0 * 255.0 * noise.clamp(0.0, 0.2)).round() as i16,
        }
    }

    /// Adds noise that depends only on `rng`.
    pub fn expose(&self, picture: &mut RenderedPicture, rng: &mut ChaCha8Rng) {
        /// The upper half of a product.
        #[inline(always)]
        fn high(a: i16, b: i16) -> i16 {
            ((i32::from(a) * i32::from(b)) >> 16) as i16
        }
        // v (255 − v) is 16,256 in the middle; there the deviation doubles.
        let rise = (f32::from(self.least) * 65_536.0 / 16_256.0) as i16;
        let width = 3 * picture.width as usize;
        for row in picture.rgb.chunks_exact_mut(width.max(1)) {
            for run in row.chunks_mut(TILE / 2) {
                let start = rng.random_range(0..TILE / 2);
                for (value, &noise) in run.iter_mut().zip(&self.tile[start..]) {
                    let level = i16::from(*value);
                    let deviation = self.least + high(rise, level * (255 - level));
                    let added = (high(noise, deviation) + 8) >> 4;
                    *value = (level + added).clamp(0, 255) as u8;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(value: u8) -> RenderedPicture {
        RenderedPicture {
            width: 64,
            height: 64,
            rgb: vec![value; 64 * 64 * 3],
            mask: vec![value; 64 * 64],
            depth_m: vec![1.0; 64 * 64],
        }
    }

    #[test]
    fn exposing_averages_light_not_bytes() {
        let mean = expose(vec![grey(0), grey(255)]);
        assert!(mean.rgb.iter().all(|&value| (186..=190).contains(&value)), "{}", mean.rgb[0]);
        assert!(mean.mask.iter().all(|&value| value == 128));
        assert_eq!(expose(vec![grey(77), grey(77), grey(77)]), grey(77));
    }

    #[test]
    fn defocus_keeps_flat_pictures_and_spreads_points() {
        let mut flat = grey(200);
        defocus(&mut flat, 1.5);
        assert!(flat.rgb.iter().all(|value| value.abs_diff(200) <= 1));
        let mut point = grey(0);
        point.rgb[3 * (32 * 64 + 32)] = 255;
        defocus(&mut point, 1.0);
        let at = |x: usize, y: usize| point.rgb[3 * (y * 64 + x)];
        assert!(at(32, 32) > at(33, 32) && at(33, 32) > at(34, 32));
        assert_eq!(at(33, 32), at(32, 33));
    }

    #[test]
    fn noise_has_the_deviation_that_was_asked_for_and_comes_back_by_seed() {
        let sensor = Sensor::new(0.02, 5);
        let mut pictures = [1, 1, 2].map(|index| {
            let mut picture = grey(128);
            sensor.expose(&mut picture, &mut seed::stream_at(9, "noise", index));
            picture
        });
        let values = &pictures[0].rgb;
        let mean = values.iter().map(|&value| f32::from(value)).sum::<f32>() / values.len() as f32;
        let square = values.iter().map(|&value| (f32::from(value) - mean).powi(2)).sum::<f32>() / values.len() as f32;
        assert!((mean - 128.0).abs() < 0.3, "{mean}");
        assert!((square.sqrt() - 0.02 * 255.0).abs() < 0.7, "{}", square.sqrt());
        assert_eq!(pictures[0], pictures[1]);
        assert_ne!(pictures[0], pictures[2]);
        pictures[0].rgb.clear();
    }
}
