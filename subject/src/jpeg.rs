//! JPEG decoding and encoding with libjpeg-turbo.

use turbojpeg::{Compressor, Decompressor, Image, PixelFormat, ScalingFactor, Subsamp};

use crate::image::check_size;
use crate::{PictureFault, RgbImage, Scale};

/// The size that a JPEG's header states.
pub fn size_px(codec: &mut Decompressor, bytes: &[u8]) -> Result<(u32, u32), PictureFault> {
    let header = codec.read_header(bytes)?;
    // JPEG's own fields are 16 bits wide.
    let size_px = check_size((header.width as u32, header.height as u32))?;
    let needed = header.width * header.height / PIXELS_PER_BYTE;
    if bytes.len() < needed { Err(PictureFault::Short { bytes: bytes.len(), needed }) } else { Ok(size_px) }
}

/// No camera's JPEG has fewer bytes: it needs at least a bit per block of 8×8 pixels. So a few damaged bytes cannot
/// cause the allocation of a gigabyte.
const PIXELS_PER_BYTE: usize = 1024;

/// Decodes at a reduced scale, inside the inverse DCT.
pub fn decode(
    codec: &mut Decompressor,
    bytes: &[u8],
    size_px: (u32, u32),
    scale: Scale,
    out: &mut RgbImage,
) -> Result<(), PictureFault> {
    codec.set_scaling_factor(ScalingFactor::new(1, scale.denominator() as usize))?;
    out.reshape(scale.reduce(size_px), scale);
    let (width, height) = (out.width as usize, out.height as usize);
    let image = Image { pixels: out.rgb.as_mut_slice(), width, pitch: 3 * width, height, format: PixelFormat::RGB };
    match codec.decompress(bytes, image) {
        // Many webcams pad their units; the picture itself is complete.
        Err(error) if error.to_string().contains("extraneous bytes") => Ok(()),
        other => Ok(other?),
    }
}

/// Encodes a picture. `quality` is 1 to 100.
pub fn encode(image: &RgbImage, quality: i32) -> Result<Vec<u8>, PictureFault> {
    let mut codec = Compressor::new()?;
    codec.set_quality(quality)?;
    codec.set_subsamp(Subsamp::Sub2x2)?;
    let (width, height) = (image.width as usize, image.height as usize);
    Ok(codec.compress_to_vec(Image {
        pixels: image.rgb.as_slice(),
        width,
        pitch: 3 * width,
        height,
        format: PixelFormat::RGB,
    })?)
}
