//! Pixel formats and their GenICam names.

use ::aravis::Camera;
use ::aravis::prelude::*;
use calibration_free_config::CameraFormat;
use frame::{BayerPattern, PixelFormat};

use super::features::Features;
use crate::DriverError;

const FORMATS: [(CameraFormat, &str, PixelFormat); 7] = [
    (CameraFormat::Mono8, "Mono8", PixelFormat::Gray8),
    (CameraFormat::BayerRg8, "BayerRG8", PixelFormat::Bayer8(BayerPattern::Rggb)),
    (CameraFormat::BayerGr8, "BayerGR8", PixelFormat::Bayer8(BayerPattern::Grbg)),
    (CameraFormat::BayerGb8, "BayerGB8", PixelFormat::Bayer8(BayerPattern::Gbrg)),
    (CameraFormat::BayerBg8, "BayerBG8", PixelFormat::Bayer8(BayerPattern::Bggr)),
    (CameraFormat::Rgb8, "RGB8", PixelFormat::Rgb8),
    (CameraFormat::Yuyv, "YCbCr422_8", PixelFormat::Yuyv),
];
/// Older names of the same formats.
const OLDER: [(&str, &str); 3] = [("RGB8", "RGB8Packed"), ("YCbCr422_8", "YUV422_YUYV_Packed"), ("Mono8", "MONO8")];

/// Sets the wanted format, or keeps the camera's own. Returns the format of its pictures.
pub fn set(camera: &Camera, features: &Features, wanted: Option<CameraFormat>) -> Result<PixelFormat, DriverError> {
    let offered: Vec<String> = camera
        .dup_available_pixel_formats_as_strings()
        .map(|names| names.iter().map(ToString::to_string).collect())
        .unwrap_or_default();
    if let Some(wanted) = wanted {
        let name = FORMATS.iter().find(|(format, ..)| *format == wanted).map(|(_, name, _)| *name);
        let named = |name: &'static str| -> Option<&'static str> {
            let older = OLDER.iter().find(|(newer, _)| *newer == name).map(|(_, older)| *older);
            [Some(name), older].into_iter().flatten().find(|name| offered.iter().any(|offer| offer == name))
        };
        let Some(name) = name.and_then(named) else {
            let why = format!("it offers {}", offered.join(", "));
            return Err(features.refused(&format!("the format {wanted:?}"), &why, "set format to one of these"));
        };
        features.ask(&format!("the format {name}"), camera.set_pixel_format_from_string(name))?;
    }
    let has = features.ask("to say its format", camera.pixel_format_as_string())?;
    let newer = OLDER.iter().find(|(_, older)| *older == has.as_str()).map_or(has.as_str(), |(newer, _)| *newer);
    FORMATS.iter().find(|(_, name, _)| *name == newer).map(|(.., format)| *format).ok_or_else(|| {
        let why = format!("it sends {has}, which genlock does not support; it offers {}", offered.join(", "));
        features.refused("a format that genlock knows", &why, "set format in the rig")
    })
}
