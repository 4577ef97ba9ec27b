//! Cuts squares out of pictures.

use std::ops::Range;

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

use crate::{PictureFault, Region, RgbImage};

/// Cuts squares out of pictures. Pixels beyond the frame are black.
#[derive(Default)]
pub struct SquareCutter {
    resizer: Resizer,
    inside: Vec<u8>,
}

impl SquareCutter {
    /// Fills `out`, `[size, size, 3]`, with what `region` (in pixels of the full frame) shows.
    pub fn cut(
        &mut self,
        picture: &RgbImage,
        region: &Region,
        size_px: u16,
        out: &mut Vec<u8>,
    ) -> Result<(), PictureFault> {
        let size = usize::from(size_px);
        out.clear();
        out.resize(size * size * 3, 0);
        let denominator = f64::from(picture.scale.denominator());
        let axis = |centre: f32, length: u32| {
            Axis::new(f64::from(centre) / denominator, f64::from(region.side_px) / denominator, size, length)
        };
        let (x, y) = (axis(region.centre_px[0], picture.width), axis(region.centre_px[1], picture.height));
        if x.inside.is_empty() || y.inside.is_empty() {
            return Ok(());
        }
        let (columns, rows) = (x.inside.len(), y.inside.len());
        self.inside.clear();
        self.inside.resize(columns * rows * 3, 0);
        let unfit = |_| PictureFault::Planes;
        // Typed, because code for every pixel type takes minutes to compile.
        let source = TypedImageRef::<U8x3>::from_buffer(picture.width, picture.height, &picture.rgb).map_err(unfit)?;
        let mut target =
            TypedImage::<U8x3>::from_buffer(columns as u32, rows as u32, &mut self.inside).map_err(unfit)?;
        // The triangle filter averages when it reduces, and interpolates when it enlarges.
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(FilterType::Bilinear))
            .crop(x.start, y.start, x.length, y.length)
            .use_alpha(false);
        self.resizer.resize_typed(&source, &mut target, &options)?;
        let target_rows = out.chunks_exact_mut(3 * size).skip(y.inside.start);
        for (to, from) in target_rows.zip(self.inside.chunks_exact(3 * columns)) {
            to[3 * x.inside.start..3 * x.inside.end].copy_from_slice(from);
        }
        Ok(())
    }
}

/// One axis of a crop: which of its pixels lie wholly inside the picture, and what they show.
struct Axis {
    inside: Range<usize>,
    start: f64,
    length: f64,
}

impl Axis {
    fn new(centre: f64, side: f64, size: usize, picture: u32) -> Self {
        let (left, step, picture) = (centre - side / 2.0, side / size as f64, f64::from(picture));
        // Rounding must not cost a pixel at the edge.
        let slack = step * 1e-6;
        let first = ((-left - slack) / step).ceil().clamp(0.0, size as f64) as usize;
        let last = ((picture - left + slack) / step).floor().clamp(0.0, size as f64) as usize;
        let start = (left + first as f64 * step).max(0.0);
        let end = (left + last as f64 * step).min(picture);
        Self { inside: first..last.max(first), start, length: (end - start).max(0.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(region: Region, expect: &[[u8; 4]; 4]) {
        let rgb = (0..16u8).flat_map(|i| [10 + i; 3]).collect();
        let picture = RgbImage { width: 4, height: 4, rgb, scale: Default::default() };
        let mut out = Vec::new();
        SquareCutter::default().cut(&picture, &region, 4, &mut out).unwrap();
        let got: Vec<u8> = out.chunks_exact(3).map(|pixel| pixel[1]).collect();
        assert_eq!(got, expect.concat());
    }

    #[test]
    fn a_crop_beyond_the_edge_is_black_there() {
        let whole = Region { centre_px: [2.0, 2.0], side_px: 4.0 };
        check(whole, &[[10, 11, 12, 13], [14, 15, 16, 17], [18, 19, 20, 21], [22, 23, 24, 25]]);
        let corner = Region { centre_px: [0.0, 4.0], side_px: 4.0 };
        check(corner, &[[0, 0, 18, 19], [0, 0, 22, 23], [0; 4], [0; 4]]);
        check(Region { centre_px: [-9.0, 2.0], side_px: 4.0 }, &[[0; 4]; 4]);
    }
}
