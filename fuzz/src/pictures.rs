//! Pictures of cameras, as stored in takes and rings.

use frame::CameraId;
use subject::{Decoder, Region, RgbImage, Scale};
use take::header;

/// A frame's header, followed by its bytes.
pub fn picture(data: &[u8]) -> bool {
    let Ok((info, length)) = header::decode(CameraId(0), data) else { return false };
    let bytes = &data[length..];
    let mut decoder = Decoder::new().expect("the codec");
    let Ok(size) = decoder.size_px(&info, bytes) else { return false };
    let mut picture = RgbImage::default();
    let mut understood = false;
    for scale in Scale::COARSE_TO_FINE {
        if decoder.decode(&info, bytes, scale, &mut picture).is_ok() {
            check(&picture, scale, size);
            understood = true;
        }
        let region = Region { centre_px: [size.0 as f32 / 2.0, size.1 as f32 / 3.0], side_px: size.0 as f32 / 4.0 };
        if decoder.decode_region(&info, bytes, scale, &region, &mut picture).is_ok() {
            check(&picture, scale, size);
        }
    }
    understood
}

fn check(picture: &RgbImage, scale: Scale, size: (u32, u32)) {
    assert_eq!(picture.size(), scale.reduce(size));
    assert_eq!(picture.rgb.len(), 3 * picture.width as usize * picture.height as usize);
}
