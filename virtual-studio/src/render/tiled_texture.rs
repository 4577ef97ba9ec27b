//! Textures with a memory layout for fast sampling.

use glam::Vec2;

use super::floor::floor1;
use crate::surface::Texture;

/// A texture with one word per texel, so that channels are blended at once, in tiles of 4 × 4, so that neighbours in
/// both directions share a cache line.
pub(super) struct TiledTexture {
    width: usize,
    height: usize,
    /// In a row of tiles.
    tiles: usize,
    /// 0x00BBGGRR, sRGB.
    texels: Vec<u32>,
}

impl TiledTexture {
    pub fn new(texture: &Texture) -> Self {
        let (width, height) = (texture.width as usize, texture.height as usize);
        let tiles = width.div_ceil(4);
        let mut skin = Self { width, height, tiles, texels: vec![0; 16 * tiles * height.div_ceil(4)] };
        for (at, rgb) in texture.rgb.chunks_exact(3).enumerate() {
            let place = skin.row(at / width) + column(at % width);
            skin.texels[place] = u32::from_le_bytes([rgb[0], rgb[1], rgb[2], 0]);
        }
        skin
    }

    /// sRGB at a position, interpolated linearly. The texture repeats beyond its edges.
    #[inline]
    pub fn at(&self, uv: Vec2) -> [u8; 3] {
        let (left, right, across) = neighbours(uv.x, self.width);
        let (top, bottom, along) = neighbours(uv.y, self.height);
        let weights = [(256 - across) * (256 - along), across * (256 - along), (256 - across) * along, across * along];
        let (upper, lower, left, right) = (self.row(top), self.row(bottom), column(left), column(right));
        let texels = [upper + left, upper + right, lower + left, lower + right].map(|at| self.texels[at]);
        // Red and blue share a word, 16 bits each; the weights then sum to 2⁸.
        let (mut red_blue, mut green, mut left_over) = (0x0080_0080, 0x80, 256);
        for (texel, weight) in texels[1..].iter().zip(&weights[1..]) {
            let weight = weight >> 8;
            left_over -= weight;
            red_blue += (texel & 0x00ff_00ff) * weight;
            green += (texel >> 8 & 0xff) * weight;
        }
        red_blue += (texels[0] & 0x00ff_00ff) * left_over;
        green += (texels[0] >> 8 & 0xff) * left_over;
        [(red_blue >> 8) as u8, (green >> 8) as u8, (red_blue >> 24) as u8]
    }

    #[inline]
    fn row(&self, y: usize) -> usize {
        (y >> 2) * 16 * self.tiles + (y & 3) * 4
    }
}

#[inline]
fn column(x: usize) -> usize {
    (x >> 2) * 16 + (x & 3)
}

/// The texels on both sides of a position, and its share of the way from the first to the second, 0 to 255.
#[inline]
fn neighbours(place: f32, side: usize) -> (usize, usize, u32) {
    let at = ((place - floor1(place)) * side as f32 - 0.5) * 256.0;
    // The predecessor of the first texel is the last.
    let steps = (at + 256.0) as usize;
    let (texel, part) = (steps >> 8, (steps & 255) as u32);
    let wrapped = |texel: usize| if texel >= side { texel - side } else { texel };
    // `texel` is one too far, from the shift by 256.
    let second = wrapped(wrapped(texel));
    (if second == 0 { side - 1 } else { second - 1 }, second, part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skin(texels: &[[u8; 3]], width: u32) -> TiledTexture {
        let height = texels.len() as u32 / width;
        TiledTexture::new(&Texture { width, height, rgb: texels.as_flattened().to_vec() })
    }

    #[test]
    fn middles_of_texels_are_the_texels_and_between_they_mix() {
        let skin = skin(&[[0, 10, 255], [200, 20, 255], [40, 30, 255], [80, 250, 255]], 2);
        let at = |x: f32, y: f32| skin.at(Vec2::new(x, y));
        assert_eq!(at(0.25, 0.25), [0, 10, 255]);
        assert_eq!(at(0.75, 0.25), [200, 20, 255]);
        assert_eq!(at(0.75, 0.75), [80, 250, 255]);
        assert_eq!(at(0.5, 0.25), [100, 15, 255]);
        assert_eq!(at(0.5, 0.5), [80, 78, 255]);
    }

    #[test]
    fn textures_repeat() {
        let skin = skin(&[[0; 3], [100; 3], [200; 3]], 3);
        for (x, want) in
            [(0.0, 100), (1.0, 100), (-1.0, 100), (0.5 / 3.0, 0), (2.5 / 3.0 - 7.0, 200), (0.999_999_9, 100)]
        {
            let [got, ..] = skin.at(Vec2::new(x, 0.3));
            // A position is quantised to a 256th of a texel, over which this texture changes by up to 0.8.
            assert!(got.abs_diff(want) <= 2, "{x}: {got}");
        }
    }
}
