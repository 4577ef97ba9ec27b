use frame::{Encoding, FrameInfo, Picture};
use turbojpeg::Decompressor;

use crate::{PictureFault, RgbImage, Scale, SubjectError, jpeg, raw};

/// Turns a camera's units into RGB at the scale asked for: JPEG inside its inverse DCT, raw pictures by averaging
/// blocks. Keep one per camera: it holds the codec's state.
pub struct Decoder {
    codec: Decompressor,
}

impl Decoder {
    /// Fails only when the JPEG library cannot allocate.
    pub fn new() -> Result<Self, SubjectError> {
        let codec = Decompressor::new().map_err(|error| SubjectError::Config(format!("no JPEG decoder: {error}")))?;
        Ok(Self { codec })
    }

    /// The picture's true size in pixels, from its own header where it has one.
    pub fn size_px(&mut self, info: &FrameInfo, bytes: &[u8]) -> Result<(u32, u32), SubjectError> {
        let size = match info.picture {
            Picture::Raw { width_px, height_px, .. } => check_size((width_px, height_px)),
            Picture::Encoded { encoding: Encoding::Mjpeg, .. } => jpeg::size_px(&mut self.codec, bytes),
            Picture::Encoded { encoding, .. } => Err(PictureFault::Encoding(encoding)),
        };
        size.map_err(|fault| SubjectError::picture(info, fault))
    }

    /// Decodes into `out`, whose memory is reused. After an error the contents of `out` are unspecified.
    pub fn decode(
        &mut self,
        info: &FrameInfo,
        bytes: &[u8],
        scale: Scale,
        out: &mut RgbImage,
    ) -> Result<(), SubjectError> {
        let size = self.size_px(info, bytes)?;
        let done = match info.picture {
            Picture::Raw { format, planes, .. } => raw::decode(format, planes, bytes, size, scale, out),
            Picture::Encoded { .. } => jpeg::decode(&mut self.codec, bytes, size, scale, out),
        };
        done.map_err(|fault| SubjectError::picture(info, fault))
    }
}

/// Bounds what one damaged header can make us allocate.
pub(crate) fn check_size((width_px, height_px): (u32, u32)) -> Result<(u32, u32), PictureFault> {
    const MAX_PX: u32 = 16384;
    if (1..=MAX_PX).contains(&width_px) && (1..=MAX_PX).contains(&height_px) {
        Ok((width_px, height_px))
    } else {
        Err(PictureFault::Size { width_px, height_px })
    }
}
