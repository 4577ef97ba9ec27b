//! Small pictures of frames and crops for people to look at.

use frame::FrameInfo;

use crate::{Decoder, PictureFault, RgbImage, Sample, Scale, SubjectError, jpeg};

const QUALITY: i32 = 70;

/// A small JPEG for people to look at: the finest reduction that is at most `max_width_px` wide, else the coarsest.
pub fn preview_jpeg(info: &FrameInfo, bytes: &[u8], max_width_px: u32) -> Result<Vec<u8>, SubjectError> {
    let mut decoder = Decoder::new()?;
    let size = decoder.size_px(info, bytes)?;
    let scale = scale(size, max_width_px);
    let mut image = RgbImage::default();
    decoder.decode(info, bytes, scale, &mut image)?;
    jpeg::encode(&image, QUALITY).map_err(|fault| SubjectError::picture(info, fault))
}

/// Width and height of a preview of a frame of this size.
pub fn preview_size_px(size_px: (u32, u32), max_width_px: u32) -> (u32, u32) {
    scale(size_px, max_width_px).reduce(size_px)
}

/// A preview of a frame of which only the crop is available: the crop in its place in a frame of `size` pixels, dark
/// around it.
pub fn crop_preview_jpeg(size: (u32, u32), crop: &Sample, max_width_px: u32) -> Result<Vec<u8>, PictureFault> {
    const AROUND: u8 = 24;
    let scale = scale(size, max_width_px);
    let mut image = RgbImage::default();
    image.reshape(scale.reduce(size), scale);
    image.rgb.fill(AROUND);
    let crop_px = i64::from(crop.size_px);
    let per_px = f64::from(crop.size_px) / f64::from(crop.region.side_px);
    // The crop's column or row at the middle of a pixel of the preview.
    let in_crop = |pixel: u32, axis: usize| {
        let in_frame = (f64::from(pixel) + 0.5) * f64::from(scale.denominator());
        let at = ((in_frame - f64::from(crop.region.centre_px[axis])) * per_px).floor() as i64 + crop_px / 2;
        (0..crop_px).contains(&at).then_some(at as usize)
    };
    let columns: Vec<_> = (0..image.width).map(|x| in_crop(x, 0)).collect();
    for (row, y) in image.rgb.chunks_exact_mut(3 * image.width as usize).zip(0..) {
        let Some(crop_row) = in_crop(y, 1) else { continue };
        for (pixel, column) in row.chunks_exact_mut(3).zip(&columns) {
            if let Some(column) = column {
                let at = 3 * (crop_row * usize::from(crop.size_px) + column);
                pixel.copy_from_slice(&crop.rgb[at..at + 3]);
            }
        }
    }
    jpeg::encode(&image, QUALITY)
}

/// The finest reduction that is at most `max_width_px` wide, else the coarsest.
fn scale(size_px: (u32, u32), max_width_px: u32) -> Scale {
    let fits = |scale: &Scale| scale.reduce(size_px).0 <= max_width_px;
    Scale::COARSE_TO_FINE.into_iter().rev().find(fits).unwrap_or(Scale::Eighth)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BackgroundId, Region};

    #[test]
    fn a_crop_is_shown_in_its_place() {
        // White, half of it beyond the right edge.
        let crop = Sample {
            size_px: 32,
            rgb: vec![255; 3 * 32 * 32].into(),
            mask: vec![255; 32 * 32].into(),
            region: Region { centre_px: [640.0, 240.0], side_px: 128.0 },
            background: BackgroundId::default(),
        };
        let jpeg = crop_preview_jpeg((640, 480), &crop, 320).unwrap();
        let mut codec = turbojpeg::Decompressor::new().unwrap();
        let mut image = RgbImage::default();
        let size = jpeg::size_px(&mut codec, &jpeg).unwrap();
        assert_eq!(size, (320, 240));
        jpeg::decode(&mut codec, &jpeg, size, Scale::Full, &mut image).unwrap();
        let bright = |x: usize, y: usize| image.rgb[3 * (y * 320 + x)] > 128;
        assert!(bright(300, 120) && bright(319, 92) && bright(319, 148));
        assert!(!bright(280, 120) && !bright(310, 80) && !bright(310, 160));
    }
}
