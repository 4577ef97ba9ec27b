//! Converts GStreamer's caps into picture formats.

use frame::{BayerPattern, Encoding, Picture, PixelFormat};
use gstreamer as gst;

/// The format in a sample's caps; `None` if it is not supported.
pub fn picture(sample: &gst::Sample) -> Option<Picture> {
    let caps = sample.caps()?.structure(0)?;
    let width_px = u32::try_from(caps.get::<i32>("width").ok()?).ok()?;
    let height_px = u32::try_from(caps.get::<i32>("height").ok()?).ok()?;
    let encoded = |encoding| Some(Picture::Encoded { encoding, width_px, height_px });
    match caps.name().as_str() {
        "image/jpeg" => encoded(Encoding::Mjpeg),
        "video/x-h264" => encoded(Encoding::H264),
        "video/x-raw" => {
            let format = match caps.get::<&str>("format").ok()? {
                "GRAY8" => PixelFormat::Gray8,
                "RGB" => PixelFormat::Rgb8,
                "YUY2" => PixelFormat::Yuyv,
                "NV12" => PixelFormat::Nv12,
                _ => return None,
            };
            Some(raw_picture(format, width_px, height_px))
        }
        "video/x-bayer" => {
            let pattern = match caps.get::<&str>("format").ok()? {
                "rggb" => BayerPattern::Rggb,
                "grbg" => BayerPattern::Grbg,
                "gbrg" => BayerPattern::Gbrg,
                "bggr" => BayerPattern::Bggr,
                _ => return None,
            };
            Some(raw_picture(PixelFormat::Bayer8(pattern), width_px, height_px))
        }
        _ => None,
    }
}

/// GStreamer's default layout: rows padded to four bytes.
fn raw_picture(format: PixelFormat, width_px: u32, height_px: u32) -> Picture {
    let padded = |bytes: u32| bytes.next_multiple_of(4) as usize;
    let plane = |offset, stride| Some(frame::Plane { offset, stride });
    let planes = match format {
        PixelFormat::Gray8 | PixelFormat::Bayer8(_) => [plane(0, padded(width_px)), None],
        PixelFormat::Rgb8 => [plane(0, padded(3 * width_px)), None],
        PixelFormat::Yuyv => [plane(0, padded(2 * width_px)), None],
        PixelFormat::Nv12 => {
            let stride = padded(width_px);
            [plane(0, stride), plane(stride * height_px.next_multiple_of(2) as usize, stride)]
        }
    };
    Picture::Raw { format, width_px, height_px, planes }
}
