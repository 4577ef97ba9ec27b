//! Conversion between radiance and the bytes of a picture.

use std::sync::LazyLock;

use glam::Vec3A;

/// Steps of the encoding table between black and white.
const STEPS: usize = 4096;

static DECODE: LazyLock<[f32; 256]> = LazyLock::new(|| std::array::from_fn(|byte| from_srgb(byte as f32 / 255.0)));

static ENCODE: LazyLock<Vec<u8>> =
    LazyLock::new(|| (0..=STEPS).map(|step| (255.0 * to_srgb(step as f32 / STEPS as f32)).round() as u8).collect());

/// Both tables, looked up once per picture.
#[derive(Clone, Copy)]
pub(crate) struct Colours {
    decode: &'static [f32; 256],
    encode: &'static [u8],
}

impl Colours {
    pub fn new() -> Self {
        Self { decode: &DECODE, encode: &ENCODE }
    }

    /// sRGB bytes to light, 0 to 1.
    #[inline]
    pub fn decode(&self, rgb: [u8; 3]) -> Vec3A {
        Vec3A::new(self.decode[usize::from(rgb[0])], self.decode[usize::from(rgb[1])], self.decode[usize::from(rgb[2])])
    }

    /// Light to sRGB bytes; what is above 1 is white.
    #[inline]
    pub fn encode(&self, light: Vec3A) -> [u8; 3] {
        let steps = (light.clamp(Vec3A::ZERO, Vec3A::ONE) * STEPS as f32 + 0.5).as_uvec3();
        [steps.x, steps.y, steps.z].map(|step| self.encode[step as usize])
    }
}

/// Radiance to the light of a picture: linear up to a shoulder, so that bright skin and skies do not clip at once.
#[inline]
pub(crate) fn tone(radiance: Vec3A) -> Vec3A {
    const KNEE: f32 = 0.7;
    if radiance.max_element() <= KNEE {
        return radiance;
    }
    let over = (radiance - KNEE).max(Vec3A::ZERO);
    // x / (1 + x / c) reaches c at infinity.
    radiance.min(Vec3A::splat(KNEE)) + over / (1.0 + over / (1.0 - KNEE))
}

fn from_srgb(value: f32) -> f32 {
    if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

/// Light, encoded; both from 0 to 1.
pub(crate) fn to_srgb(light: f32) -> f32 {
    if light <= 0.003_130_8 { 12.92 * light } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back() {
        let colours = Colours::new();
        for byte in 0..=255u8 {
            let [back, ..] = colours.encode(colours.decode([byte; 3]));
            assert!(back.abs_diff(byte) <= u8::from(byte < 8), "{byte} came back as {back}");
        }
    }

    #[test]
    fn tones_rise_and_stay_below_white() {
        let tones: Vec<f32> = (0..400).map(|i| tone(Vec3A::splat(i as f32 * 0.05)).x).collect();
        assert!(tones.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(tones[399] < 1.0);
    }
}
