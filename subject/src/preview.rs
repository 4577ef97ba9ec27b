use frame::FrameInfo;

use crate::{Decoder, RgbImage, Scale, SubjectError, jpeg};

/// A small JPEG for people to look at: the finest reduction that is at most `max_width_px` wide, else the coarsest.
pub fn preview_jpeg(info: &FrameInfo, bytes: &[u8], max_width_px: u32) -> Result<Vec<u8>, SubjectError> {
    const QUALITY: i32 = 70;
    let mut decoder = Decoder::new()?;
    let size = decoder.size_px(info, bytes)?;
    let scale = Scale::COARSE_TO_FINE
        .into_iter()
        .rev()
        .find(|scale| scale.reduce(size).0 <= max_width_px)
        .unwrap_or(Scale::Eighth);
    let mut image = RgbImage::default();
    decoder.decode(info, bytes, scale, &mut image)?;
    jpeg::encode(&image, QUALITY).map_err(|fault| SubjectError::picture(info, fault))
}
