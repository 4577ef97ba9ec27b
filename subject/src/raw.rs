//! Raw pictures, reduced and converted to RGB.

use std::ops::Range;

use frame::{BayerPattern, PixelFormat, Plane};

use crate::{PictureFault, RgbImage, Scale};

/// Reduces a raw picture by averaging blocks, then converts, with one colour conversion per remaining pixel. In a Bayer
/// picture each colour is averaged over its own pixels; at full size it is interpolated. Only `within`, in columns and
/// rows of the reduced picture, is guaranteed to be written; the rest may stay as it was.
pub fn decode(
    format: PixelFormat,
    planes: [Option<Plane>; 2],
    bytes: &[u8],
    size_px: (u32, u32),
    scale: Scale,
    [columns, rows]: &[Range<usize>; 2],
    out: &mut RgbImage,
) -> Result<(), PictureFault> {
    let source = Source::new(format, planes, bytes, size_px)?;
    out.reshape(scale.reduce(size_px), scale);
    let columns = columns.start..columns.end.min(out.width as usize);
    let rows = rows.start..rows.end.min(out.height as usize);
    if columns.is_empty() || rows.is_empty() {
        return Ok(());
    }
    if let (PixelFormat::Bayer8(pattern), Scale::Full) = (format, scale) {
        return source.demosaic(pattern, size_px, rows, &mut out.rgb);
    }
    let step = scale.denominator() as usize;
    let (width, height) = (size_px.0 as usize, size_px.1 as usize);
    let row_bytes = 3 * out.width as usize;
    for (y, row) in out.rgb.chunks_exact_mut(row_bytes).enumerate().take(rows.end).skip(rows.start) {
        let block_rows = y * step..height.min((y + 1) * step);
        for (x, pixel) in row.chunks_exact_mut(3).enumerate().take(columns.end).skip(columns.start) {
            let block_columns = x * step..width.min((x + 1) * step);
            pixel.copy_from_slice(&source.block(block_columns, block_rows.clone()));
        }
    }
    Ok(())
}

/// Extra rows that demosaicing sees beyond the wanted ones.
const SPARE: usize = 4;

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
            PixelFormat::Gray8 | PixelFormat::Nv12 | PixelFormat::Bayer8(_) => width,
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

    /// Colours at every pixel of these rows, by linear interpolation.
    fn demosaic(
        &self,
        pattern: BayerPattern,
        (width, height): (u32, u32),
        rows: Range<usize>,
        rgb: &mut [u8],
    ) -> Result<(), PictureFault> {
        let cfa = match pattern {
            BayerPattern::Rggb => bayer::CFA::RGGB,
            BayerPattern::Grbg => bayer::CFA::GRBG,
            BayerPattern::Gbrg => bayer::CFA::GBRG,
            BayerPattern::Bggr => bayer::CFA::BGGR,
        };
        let (w, h) = (width as usize, height as usize);
        // The pattern starts at even rows, and pixels beyond an edge are guessed: extra rows keep these out.
        let band = rows.start.saturating_sub(SPARE) & !1..h.min(rows.end + SPARE);
        let mut lines = Rows { source: self, width: w, at: w * band.start };
        let rgb = &mut rgb[3 * w * band.start..3 * w * band.end];
        let mut raster = bayer::RasterMut::new(w, band.len(), bayer::RasterDepth::Depth8, rgb);
        let demosaic = bayer::Demosaic::Linear;
        bayer::run_demosaic(&mut lines, bayer::BayerDepth::Depth8, cfa, demosaic, &mut raster)
            .map_err(|_| PictureFault::Size { width_px: width, height_px: height })
    }

    /// The mean colour of a non-empty block.
    fn block(&self, columns: std::ops::Range<usize>, rows: std::ops::Range<usize>) -> [u8; 3] {
        let mut sum = [0u32; 3];
        // Counted per colour: a block of a Bayer picture has more green than red or blue.
        let mut count = [(columns.len() * rows.len()) as u32; 3];
        if matches!(self.format, PixelFormat::Bayer8(_)) {
            count = [0; 3];
        }
        for y in rows {
            let line = &self.first[y * self.first_stride..];
            match self.format {
                PixelFormat::Gray8 => {
                    sum[0] += line[columns.clone()].iter().map(|&v| u32::from(v)).sum::<u32>();
                }
                PixelFormat::Bayer8(pattern) => {
                    let channels = channels(pattern, y);
                    for x in columns.clone() {
                        let channel = channels[x % 2];
                        sum[channel] += u32::from(line[x]);
                        count[channel] += 1;
                    }
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
        // A block cut by the edge may lack a colour; a Bayer picture is at least two pixels wide and high.
        let mean = [0, 1, 2].map(|c| ((sum[c] + count[c] / 2) / count[c].max(1)) as i32);
        match self.format {
            PixelFormat::Gray8 => [mean[0] as u8; 3],
            PixelFormat::Rgb8 | PixelFormat::Bayer8(_) => mean.map(|value| value as u8),
            PixelFormat::Yuyv | PixelFormat::Nv12 => yuv_to_rgb(mean),
        }
    }
}

/// Which of red, green and blue the even and odd pixels of a row have.
fn channels(pattern: BayerPattern, row: usize) -> [usize; 2] {
    const RED_ROW: [usize; 2] = [0, 1];
    const BLUE_ROW: [usize; 2] = [1, 2];
    let swapped = |[a, b]: [usize; 2]| [b, a];
    let (first, second) = match pattern {
        BayerPattern::Rggb => (RED_ROW, BLUE_ROW),
        BayerPattern::Grbg => (swapped(RED_ROW), swapped(BLUE_ROW)),
        BayerPattern::Gbrg => (BLUE_ROW, RED_ROW),
        BayerPattern::Bggr => (swapped(BLUE_ROW), swapped(RED_ROW)),
    };
    if row.is_multiple_of(2) { first } else { second }
}

/// Passes rows to the demosaicing, without their padding.
struct Rows<'a> {
    source: &'a Source<'a>,
    width: usize,
    /// Pixels passed so far.
    at: usize,
}

impl std::io::Read for Rows<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let (y, x) = (self.at / self.width, self.at % self.width);
        let line = self.source.first.get(y * self.source.first_stride + x..).unwrap_or_default();
        let length = out.len().min(self.width - x).min(line.len());
        out[..length].copy_from_slice(&line[..length]);
        self.at += length;
        Ok(length)
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
    use crate::{Region, SquareCutter, decode};

    const ALL: [Range<usize>; 2] = decode::EVERYTHING;

    #[test]
    fn what_a_crop_shows_is_the_same_when_nothing_else_is_made() {
        let size = (60, 44);
        let bayer = PixelFormat::Bayer8(BayerPattern::Gbrg);
        let formats = [PixelFormat::Gray8, PixelFormat::Rgb8, PixelFormat::Yuyv, PixelFormat::Nv12, bayer];
        let bytes: Vec<u8> = (0..60 * 44 * 3u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for format in formats {
            let Picture::Raw { planes, .. } = Picture::packed(format, size.0, size.1) else { unreachable!() };
            for scale in Scale::COARSE_TO_FINE {
                for (centre_px, side_px) in [([30.0, 21.0], 11.0), ([2.0, 40.0], 17.5), ([30.0, 22.0], 80.0)] {
                    let region = Region { centre_px, side_px };
                    let cut = |within: &[Range<usize>; 2], poison: u8| {
                        let mut picture = RgbImage::default();
                        picture.reshape(scale.reduce(size), scale);
                        picture.rgb.fill(poison);
                        decode(format, planes, &bytes, size, scale, within, &mut picture).unwrap();
                        let mut crop = vec![];
                        SquareCutter::default().cut(&picture, &region, 16, &mut crop).unwrap();
                        crop
                    };
                    let whole = cut(&ALL, 0);
                    for poison in [0, 255] {
                        assert_eq!(
                            cut(&decode::around(&region, scale), poison),
                            whole,
                            "{format:?} {scale:?} {region:?}"
                        );
                    }
                }
            }
        }
    }

    fn check(format: PixelFormat, size: (u32, u32), bytes: &[u8], scale: Scale, expect: &[u8]) {
        let Picture::Raw { planes, .. } = Picture::packed(format, size.0, size.1) else { unreachable!() };
        let mut out = RgbImage::default();
        decode(format, planes, bytes, size, scale, &ALL, &mut out).unwrap();
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
    fn bayer_colours_stand_where_their_pattern_says() {
        let of = |pattern, bytes: &[u8], scale, expect: &[u8]| {
            check(PixelFormat::Bayer8(pattern), (2, 2), bytes, scale, expect);
        };
        // Red 10, green 20 and 30, blue 40.
        of(BayerPattern::Rggb, &[10, 20, 30, 40], Scale::Half, &[10, 25, 40]);
        of(BayerPattern::Grbg, &[20, 10, 40, 30], Scale::Half, &[10, 25, 40]);
        of(BayerPattern::Gbrg, &[20, 40, 10, 30], Scale::Half, &[10, 25, 40]);
        of(BayerPattern::Bggr, &[40, 20, 30, 10], Scale::Half, &[10, 25, 40]);
    }

    #[test]
    fn a_flat_bayer_picture_stays_flat_at_full_size_whatever_its_padding() {
        let pattern = PixelFormat::Bayer8(BayerPattern::Gbrg);
        let (red, green, blue, padding) = (10, 20, 30, 99);
        let mut bytes = vec![];
        for y in 0..4 {
            let row = if y % 2 == 0 { [green, blue] } else { [red, green] };
            bytes.extend((0..6).map(|x| row[x % 2]));
            bytes.extend([padding; 2]);
        }
        let planes = [Some(Plane { offset: 0, stride: 8 }), None];
        let mut out = RgbImage::default();
        decode(pattern, planes, &bytes, (6, 4), Scale::Full, &ALL, &mut out).unwrap();
        assert!(out.rgb.chunks_exact(3).all(|pixel| pixel == [red, green, blue]), "{:?}", out.rgb);
    }

    #[test]
    fn a_partial_last_block_is_averaged_over_what_it_holds() {
        check(PixelFormat::Gray8, (3, 1), &[10, 20, 99], Scale::Half, &[15, 15, 15, 99, 99, 99]);
    }

    #[test]
    fn a_short_frame_says_what_it_lacks() {
        let Picture::Raw { planes, .. } = Picture::packed(PixelFormat::Rgb8, 4, 4) else { unreachable!() };
        let fault = decode(PixelFormat::Rgb8, planes, &[0; 47], (4, 4), Scale::Full, &ALL, &mut RgbImage::default())
            .unwrap_err();
        assert!(matches!(fault, PictureFault::Short { bytes: 47, needed: 48 }), "{fault}");
    }
}
