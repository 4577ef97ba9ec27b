//! What lens, shutter and sensor do to a picture after the light has fallen on it.

use glam::Vec3A;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::Picture;
use super::colour::Colours;
use crate::seed;

/// The mean of pictures taken while the shutter was open: motion blur. The mask becomes the share of the time; depth is
/// that of the middle picture.
///
/// Returns an empty picture for none.
pub fn expose(mut pictures: Vec<Picture>) -> Picture {
    let middle = pictures.len() / 2;
    if pictures.len() < 2 {
        return pictures.pop().unwrap_or_default();
    }
    let colours = Colours::new();
    let share = 1.0 / pictures.len() as f32;
    let mut mean = Picture { depth_m: std::mem::take(&mut pictures[middle].depth_m), ..Picture::default() };
    (mean.width, mean.height) = (pictures[0].width, pictures[0].height);
    mean.rgb = vec![0; pictures[0].rgb.len()];
    mean.mask = vec![0; pictures[0].mask.len()];
    for at in 0..mean.mask.len() {
        let pixel = |picture: &Picture| -> [u8; 3] { [0, 1, 2].map(|channel| picture.rgb[3 * at + channel]) };
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
pub fn defocus(picture: &mut Picture, sigma_px: f32) {
    if sigma_px < 0.2 {
        return;
    }
    let reach = (3.0 * sigma_px).ceil() as usize;
    let weights: Vec<f32> = (0..=2 * reach)
        .map(|i| {
            let distance = i as f32 - reach as f32;
            (-0.5 * (distance / sigma_px).powi(2)).exp()
        })
        .collect();
    let sum: f32 = weights.iter().sum();
    // Fixed point, so that the inner loops are whole numbers.
    let weights: Vec<u32> = weights.iter().map(|weight| (weight / sum * 65_536.0).round() as u32).collect();
    let (width, height) = (picture.width as usize, picture.height as usize);
    let mut across = vec![0; picture.rgb.len()];
    for y in 0..height {
        blur_line(&picture.rgb, &mut across, 3 * y * width, 3, width, &weights);
    }
    for x in 0..width {
        blur_line(&across, &mut picture.rgb, 3 * x, 3 * width, height, &weights);
    }
}

/// Blurs `count` pixels that lie `step` bytes apart. Beyond the ends the last pixel repeats.
fn blur_line(from: &[u8], to: &mut [u8], start: usize, step: usize, count: usize, weights: &[u32]) {
    let reach = weights.len() / 2;
    for i in 0..count {
        let mut sums = [32_768u32; 3];
        for (tap, weight) in weights.iter().enumerate() {
            let source = start + step * (i + tap).saturating_sub(reach).min(count - 1);
            for (sum, &value) in sums.iter_mut().zip(&from[source..source + 3]) {
                *sum += weight * u32::from(value);
            }
        }
        for (out, sum) in to[start + step * i..][..3].iter_mut().zip(sums) {
            *out = (sum >> 16).min(255) as u8;
        }
    }
}

/// Noise of a sensor: a fixed tile of normal deviates, laid over each picture at other places.
#[derive(Clone, Debug)]
pub struct Sensor {
    tile: Vec<i8>,
    /// Standard deviation at each brightness, in 1/32 of a step, times 1/32 for the tile's scale.
    deviation: [i32; 256],
}

const TILE: usize = 1 << 16;

impl Sensor {
    /// `noise` is the standard deviation of a mid grey in parts of full scale; dark tones have less, as shot noise
    /// does after the encoding of brightness, but never none.
    pub fn new(noise: f32, seed: u64) -> Self {
        let mut rng = seed::stream(seed, "sensor");
        let tile = (0..TILE).map(|_| (32.0 * seed::normal(&mut rng)).round().clamp(-127.0, 127.0) as i8).collect();
        let deviation = std::array::from_fn(|byte| {
            let brightness = byte as f32 / 255.0;
            // Rises from half to full at mid grey and falls again, because the encoding compresses highlights.
            let shape =
                0.5 + 0.5 * (4.0 * brightness * (1.0 - 0.5 * brightness)).min(1.0) - 0.3 * brightness * brightness;
            (32.0 * 255.0 * noise * shape).round() as i32
        });
        Self { tile, deviation }
    }

    /// Adds noise that depends on `rng` alone.
    pub fn expose(&self, picture: &mut Picture, rng: &mut ChaCha8Rng) {
        let width = 3 * picture.width as usize;
        for row in picture.rgb.chunks_exact_mut(width) {
            let mut done = 0;
            while done < width {
                let start = rng.random_range(0..TILE);
                let run = (TILE - start).min(width - done);
                for (value, &noise) in row[done..done + run].iter_mut().zip(&self.tile[start..start + run]) {
                    let added = (i32::from(noise) * self.deviation[usize::from(*value)] + 512) >> 10;
                    *value = (i32::from(*value) + added).clamp(0, 255) as u8;
                }
                done += run;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(value: u8) -> Picture {
        Picture {
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
