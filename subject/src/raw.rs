use frame::{PixelFormat, Plane};

use crate::{PictureFault, RgbImage, Scale};

/// Reduces a raw picture by averaging blocks, then converts: one colour conversion per pixel that is kept.
pub fn decode(
    format: PixelFormat,
    planes: [Option<Plane>; 2],
    bytes: &[u8],
    size_px: (u32, u32),
    scale: Scale,
    out: &mut RgbImage,
) -> Result<(), PictureFault> {
    let source = Source::new(format, planes, bytes, size_px)?;
    out.reshape(scale.reduce(size_px), scale);
    let step = scale.denominator() as usize;
    let (width, height) = (size_px.0 as usize, size_px.1 as usize);
    let row_bytes = 3 * out.width as usize;
    for (y, row) in out.rgb.chunks_exact_mut(row_bytes).enumerate() {
        let rows = y * step..height.min((y + 1) * step);
        for (x, pixel) in row.chunks_exact_mut(3).enumerate() {
            let columns = x * step..width.min((x + 1) * step);
            pixel.copy_from_slice(&source.block(columns, rows.clone()));
        }
    }
    Ok(())
}

/// The planes of a picture whose bounds have been checked.
struct Source<'a> {
    format: PixelFormat,
    first: &'a [u8],
    first_stride: usize,
    second: &'a [u8],
    second_stride: usize,
}

impl<'a> Source<'a> {
    fn new(
        format: PixelFormat,
        planes: [Option<Plane>; 2],
        bytes: &'a [u8],
        (width, height): (u32, u32),
    ) -> Result<Self, PictureFault> {
        let (width, height) = (width as usize, height as usize);
        let row_bytes = match format {
            PixelFormat::Gray8 | PixelFormat::Nv12 => width,
            PixelFormat::Rgb8 => 3 * width,
            PixelFormat::Yuyv => 4 * width.div_ceil(2),
        };
        let (first, first_stride) = plane(bytes, planes[0], row_bytes, height)?;
        let (second, second_stride) = match format {
            PixelFormat::Nv12 => plane(bytes, planes[1], 2 * width.div_ceil(2), height.div_ceil(2))?,
            _ => (&bytes[..0], 0),
        };
        Ok(Self { format, first, first_stride, second, second_stride })
    }

    /// The mean colour of a block that is not empty.
    fn block(&self, columns: std::ops::Range<usize>, rows: std::ops::Range<usize>) -> [u8; 3] {
        let mut sum = [0u32; 3];
        let count = (columns.len() * rows.len()) as u32;
        for y in rows {
            let line = &self.first[y * self.first_stride..];
            match self.format {
                PixelFormat::Gray8 => {
                    sum[0] += line[columns.clone()].iter().map(|&v| u32::from(v)).sum::<u32>();
                }
                PixelFormat::Rgb8 => {
                    for pixel in line[3 * columns.start..3 * columns.end].chunks_exact(3) {
                        for (total, &value) in sum.iter_mut().zip(pixel) {
                            *total += u32::from(value);
                        }
                    }
                }
                PixelFormat::Yuyv => {
                    for x in columns.clone() {
                        let pair = 4 * (x / 2);
                        sum[0] += u32::from(line[2 * x]);
                        sum[1] += u32::from(line[pair + 1]);
                        sum[2] += u32::from(line[pair + 3]);
                    }
                }
                PixelFormat::Nv12 => {
                    let chroma = &self.second[(y / 2) * self.second_stride..];
                    for x in columns.clone() {
                        sum[0] += u32::from(line[x]);
                        sum[1] += u32::from(chroma[2 * (x / 2)]);
                        sum[2] += u32::from(chroma[2 * (x / 2) + 1]);
                    }
                }
            }
        }
        let mean = sum.map(|total| ((total + count / 2) / count) as i32);
        match self.format {
            PixelFormat::Gray8 => [mean[0] as u8; 3],
            PixelFormat::Rgb8 => mean.map(|value| value as u8),
            PixelFormat::Yuyv | PixelFormat::Nv12 => yuv_to_rgb(mean),
        }
    }
}

/// The bytes of one plane, checked to hold every row.
fn plane(bytes: &[u8], plane: Option<Plane>, row_bytes: usize, rows: usize) -> Result<(&[u8], usize), PictureFault> {
    let Plane { offset, stride } = plane.ok_or(PictureFault::Planes)?;
    if stride < row_bytes {
        return Err(PictureFault::Planes);
    }
    let needed = (rows - 1)
        .checked_mul(stride)
        .and_then(|whole| whole.checked_add(row_bytes))
        .and_then(|end| end.checked_add(offset))
        .ok_or(PictureFault::Planes)?;
    let held = bytes.get(offset..needed).ok_or(PictureFault::Short { bytes: bytes.len(), needed })?;
    Ok((held, stride))
}

/// BT.601 with limited range, as UVC cameras send it.
fn yuv_to_rgb([y, u, v]: [i32; 3]) -> [u8; 3] {
    let (y, u, v) = (298 * (y - 16) + 128, u - 128, v - 128);
    [y + 409 * v, y - 100 * u - 208 * v, y + 516 * u].map(|value| (value >> 8).clamp(0, 255) as u8)
}

#[cfg(test)]
mod tests {
    use frame::Picture;

    use super::*;

    fn check(format: PixelFormat, size: (u32, u32), bytes: &[u8], scale: Scale, expect: &[u8]) {
        let Picture::Raw { planes, .. } = Picture::packed(format, size.0, size.1) else { unreachable!() };
        let mut out = RgbImage::default();
        decode(format, planes, bytes, size, scale, &mut out).unwrap();
        assert_eq!(out.rgb, expect);
    }

    #[test]
    fn formats_convert() {
        check(PixelFormat::Gray8, (2, 1), &[7, 9], Scale::Full, &[7, 7, 7, 9, 9, 9]);
        check(PixelFormat::Rgb8, (2, 1), &[1, 2, 3, 3, 4, 5], Scale::Half, &[2, 3, 4]);
        // White and black at limited range.
        check(PixelFormat::Yuyv, (2, 1), &[235, 128, 16, 128], Scale::Full, &[255, 255, 255, 0, 0, 0]);
        check(PixelFormat::Nv12, (2, 2), &[81, 81, 81, 81, 90, 240], Scale::Half, &[255, 0, 0]);
    }

    #[test]
    fn a_partial_last_block_is_averaged_over_what_it_holds() {
        check(PixelFormat::Gray8, (3, 1), &[10, 20, 99], Scale::Half, &[15, 15, 15, 99, 99, 99]);
    }

    #[test]
    fn a_short_frame_says_what_it_lacks() {
        let Picture::Raw { planes, .. } = Picture::packed(PixelFormat::Rgb8, 4, 4) else { unreachable!() };
        let fault =
            decode(PixelFormat::Rgb8, planes, &[0; 47], (4, 4), Scale::Full, &mut RgbImage::default()).unwrap_err();
        assert!(matches!(fault, PictureFault::Short { bytes: 47, needed: 48 }), "{fault}");
    }
}
