//! Runs the conformance checks on a camera's driver: `conformance v4l2 /dev/video0`, or `conformance nokhwa 0`.

use std::time::Duration;

use calibration_free_config::{CameraFormat, CameraSettings, Exposes};
use capture::CameraDriver;
use capture::conformance::{Expected, conforms};
use capture::drivers::nokhwa::NokhwaCamera;
use capture::drivers::v4l2::V4l2Camera;

const RATE_HZ: f64 = 25.0;
const UNITS: u64 = 25;
const SILENCE: Duration = Duration::from_secs(1);

fn main() -> Result<(), String> {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let [driver, source] = words.as_slice() else { return Err("usage: conformance v4l2|nokhwa SOURCE".into()) };
    let source = source.clone();
    let settings =
        CameraSettings { size_px: Some((320, 180)), format: Some(CameraFormat::Yuyv), ..CameraSettings::default() };
    let (exposes, rate_hz) = (Exposes::Freely, RATE_HZ);
    let expected = Expected::endless(UNITS, SILENCE);
    let wrong = match driver.as_str() {
        "v4l2" => {
            let camera = V4l2Camera { source, settings, exposes, rate_hz };
            conforms(|| Ok(Box::new(camera.open()?) as Box<dyn CameraDriver>), expected)
        }
        "nokhwa" => {
            let camera = NokhwaCamera { source, settings, exposes, rate_hz };
            let expected = Expected { counted: false, ..expected };
            conforms(|| Ok(Box::new(camera.open()?) as Box<dyn CameraDriver>), expected)
        }
        other => return Err(format!("unknown driver {other}")),
    };
    if !wrong.is_empty() {
        return Err(wrong.join("\n"));
    }
    println!("{driver} conforms");
    Ok(())
}
