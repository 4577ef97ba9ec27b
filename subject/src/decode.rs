//! Decodes a camera's units into RGB.

use std::ops::Range;

use frame::{Encoding, FrameInfo, Picture};
use turbojpeg::Decompressor;

use crate::image::check_size;
use crate::{PictureFault, Region, RgbImage, Scale, SubjectError, jpeg, raw};

/// Decodes a camera's units into RGB at the requested scale: JPEG inside its inverse DCT, raw pictures by averaging
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

    /// The picture's true size in pixels, from its own header if it has one.
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
        self.decode_within(info, bytes, scale, &EVERYTHING, out)
    }

    /// Decodes what a crop of `region` needs: of raw pictures only that part is decoded, and the rest of `out` is
    /// unspecified.
    pub fn decode_region(
        &mut self,
        info: &FrameInfo,
        bytes: &[u8],
        scale: Scale,
        region: &Region,
        out: &mut RgbImage,
    ) -> Result<(), SubjectError> {
        self.decode_within(info, bytes, scale, &around(region, scale), out)
    }

    fn decode_within(
        &mut self,
        info: &FrameInfo,
        bytes: &[u8],
        scale: Scale,
        within: &[Range<usize>; 2],
        out: &mut RgbImage,
    ) -> Result<(), SubjectError> {
        let size = self.size_px(info, bytes)?;
        let done = match info.picture {
            Picture::Raw { format, planes, .. } => raw::decode(format, planes, bytes, size, scale, within, out),
            Picture::Encoded { .. } => jpeg::decode(&mut self.codec, bytes, size, scale, out),
        };
        done.map_err(|fault| SubjectError::picture(info, fault))
    }
}

/// The range of all columns and rows.
pub(crate) const EVERYTHING: [Range<usize>; 2] = [0..usize::MAX, 0..usize::MAX];

/// Columns and rows of the reduced picture that a crop of `region` may read, when it is resized by at most 16.
pub(crate) fn around(region: &Region, scale: Scale) -> [Range<usize>; 2] {
    const MARGIN: f32 = 16.0;
    let denominator = scale.denominator() as f32;
    let pixel = |at: f32| at.max(0.0) as usize;
    region.centre_px.map(|centre| {
        let (centre, half) = (centre / denominator, region.side_px / denominator / 2.0);
        pixel((centre - half - MARGIN).floor())..pixel((centre + half + MARGIN).ceil())
    })
}
