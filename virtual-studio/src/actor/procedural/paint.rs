//! Skin, hair and clothes of the built-in person.

use rand::{Rng, RngExt};

use crate::surface::Texture;

/// Number of fields of the texture, side by side.
#[derive(Clone, Copy, Debug)]
pub(super) enum TextureField {
    Skin,
    Shirt,
    Trousers,
    Shoe,
    Head,
}

pub(super) const FIELDS: u32 = 5;
const FIELD_PX: u32 = 128;

/// All fields side by side, in the order of [`TextureField`].
pub(super) fn texture(rng: &mut impl Rng) -> Texture {
    let mut colour = |low: [u8; 3], high: [u8; 3]| {
        let share: f32 = rng.random();
        let vary = rng.random_range(-12.0..12.0);
        [0, 1, 2]
            .map(|i| (f32::from(low[i]) + share * (f32::from(high[i]) - f32::from(low[i])) + vary).clamp(0.0, 255.0))
    };
    let skin = colour([70, 44, 32], [236, 196, 172]);
    let hair = colour([22, 17, 14], [150, 110, 66]);
    let shoe = colour([30, 28, 28], [200, 200, 205]);
    let mut cloth = || [rng.random_range(20.0..235.0), rng.random_range(20.0..235.0), rng.random_range(20.0..235.0)];
    let (shirt, stripe, trousers) = (cloth(), cloth(), cloth());
    let stripes: u32 = rng.random_range(0..4);
    let width = FIELDS * FIELD_PX;
    let mut rgb = Vec::with_capacity((3 * width * FIELD_PX) as usize);
    for y in 0..FIELD_PX {
        for x in 0..width {
            let (field, u, v) = (x / FIELD_PX, (x % FIELD_PX) as f32 / FIELD_PX as f32, y as f32 / FIELD_PX as f32);
            let base: [f32; 3] = match field {
                0 => skin,
                1 if stripes > 0 && (v * 6.0 * stripes as f32) as u32 % 2 == 1 => stripe,
                1 => shirt,
                2 => trousers,
                3 => shoe,
                _ => head(u, v, skin, hair),
            };
            let grain: f32 = rng.random_range(0.95..1.05);
            rgb.extend(base.map(|value| (value * grain).clamp(0.0, 255.0) as u8));
        }
    }
    Texture { width, height: FIELD_PX, rgb }
}

/// A face in the middle of the field, hair above and behind.
fn head(u: f32, v: f32, skin: [f32; 3], hair: [f32; 3]) -> [f32; 3] {
    let ahead = (u - 0.5).abs();
    let spot = |at: f32, height: f32, wide: f32, high: f32| {
        ((ahead - at) / wide).powi(2) + ((v - height) / high).powi(2) < 1.0
    };
    if v < 0.3 || ahead > 0.22 && v < 0.72 {
        hair
    } else if spot(0.065, 0.49, 0.012, 0.018) {
        [30.0, 24.0, 22.0]
    } else if spot(0.065, 0.49, 0.026, 0.022) {
        [238.0, 236.0, 232.0]
    } else if spot(0.065, 0.43, 0.035, 0.012) {
        hair
    } else if spot(0.0, 0.74, 0.05, 0.016) {
        [skin[0] * 0.9, skin[1] * 0.6, skin[2] * 0.6]
    } else {
        skin
    }
}
