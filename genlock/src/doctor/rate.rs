//! How many bytes per second a rig sends.

use calibration_free_config::{Camera, CameraFormat, Rig};

use super::opening::Seen;

/// Bytes per pixel of JPEGs. The example footage has 0.11; cameras compress less.
const MJPEG_BYTES_PER_PIXEL: f64 = 0.2;
/// Assumed if the rig does not state a size.
const ASSUMED_PX: (u32, u32) = (1920, 1080);

/// Bytes of a camera's unit according to the rig, and which part of this is a guess.
pub struct UnitBytes {
    pub bytes: f64,
    pub guessed: Option<&'static str>,
}

pub fn unit_bytes(camera: &Camera) -> UnitBytes {
    let settings = &camera.settings;
    let (width, height) = settings.size_px.unwrap_or(ASSUMED_PX);
    let per_pixel = match settings.format {
        Some(CameraFormat::Yuyv) => 2.0,
        Some(CameraFormat::Nv12) => 1.5,
        Some(CameraFormat::Rgb8) => 3.0,
        Some(CameraFormat::Mjpeg) => MJPEG_BYTES_PER_PIXEL,
        _ => 1.0,
    };
    let guessed = match (settings.size_px, settings.format) {
        (None, _) => Some("1920x1080 assumed"),
        (_, Some(CameraFormat::Mjpeg)) => Some("JPEG estimated at 0.2 bytes a pixel"),
        (_, None) => Some("one byte a pixel assumed"),
        _ => None,
    };
    UnitBytes { bytes: f64::from(width) * f64::from(height) * per_pixel, guessed }
}

pub struct DataRate {
    pub bytes_per_s: f64,
    /// Sum over all cameras.
    pub pixels_per_s: f64,
    /// `measured`, or what was guessed.
    pub how: String,
}

/// The data rate of this host's cameras. `seen`: what they delivered, if anything, in the rig's order.
pub fn of(rig: &Rig, seen: &[Option<Seen>]) -> DataRate {
    let rate_hz = rig.trigger.rate_hz;
    let mut guesses: Vec<&str> = vec![];
    let (mut bytes, mut pixels) = (0.0, 0.0);
    for (index, camera) in rig.cameras.iter().enumerate().filter(|(_, camera)| camera.is_local()) {
        let (width, height) = match seen.get(index).and_then(Option::as_ref) {
            Some(seen) => {
                bytes += seen.unit_bytes;
                seen.size_px
            }
            None => {
                let unit = unit_bytes(camera);
                bytes += unit.bytes;
                guesses.push(unit.guessed.unwrap_or("by size and format"));
                camera.settings.size_px.unwrap_or(ASSUMED_PX)
            }
        };
        pixels += f64::from(width) * f64::from(height);
    }
    guesses.sort_unstable();
    guesses.dedup();
    let how = if guesses.is_empty() { "measured".into() } else { guesses.join(", ") };
    DataRate { bytes_per_s: bytes * rate_hz, pixels_per_s: pixels * rate_hz, how }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::tests::rig;

    #[test]
    fn measured_units_go_before_guesses() {
        let rig = rig("[[camera]]\nname = \"a\"\ndriver = \"v4l2\"\nsource = \"/dev/video0\"\n\
                       [[camera]]\nname = \"b\"\ndriver = \"v4l2\"\nsource = \"/dev/video1\"\nwidth-px = 640\n\
                       height-px = 480\nformat = \"yuyv\"\n");
        let guessed = of(&rig, &[]);
        assert_eq!(guessed.bytes_per_s, 30.0 * (1920.0 * 1080.0 + 640.0 * 480.0 * 2.0));
        assert_eq!(guessed.how, "1920x1080 assumed, by size and format");
        let seen = Seen { size_px: (1280, 720), unit_bytes: 1e5, ..Seen::default() };
        let measured = of(&rig, &[Some(seen.clone()), Some(seen)]);
        assert_eq!(measured.bytes_per_s, 30.0 * 2e5);
        assert_eq!(measured.how, "measured");
    }

    #[test]
    fn jpeg_is_an_estimate() {
        let rig = rig("[[camera]]\nname = \"a\"\ndriver = \"v4l2\"\nsource = \"/dev/video0\"\nwidth-px = 1000\n\
                       height-px = 1000\nformat = \"mjpeg\"\n");
        assert_eq!(of(&rig, &[]).bytes_per_s, 30.0 * 2e5);
        assert!(of(&rig, &[]).how.contains("estimated"));
    }
}
