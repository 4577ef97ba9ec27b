//! Sets format, size and rate of a device's pictures as the rig requests, or fails with what the device offers.

use std::collections::BTreeSet;
use std::io::ErrorKind;

use calibration_free_config::{CameraFormat, CameraSettings, Exposes};
use frame::{BayerPattern, Encoding, Picture, PixelFormat, Plane};
use v4l::format::{FieldOrder, FourCC};
use v4l::frameinterval::FrameIntervalEnum;
use v4l::framesize::FrameSizeEnum;
use v4l::video::Capture;
use v4l::video::capture::Parameters;
use v4l::{Device, Format, Fraction};

use super::explain;
use crate::DriverError;

/// The formats of rigs: their names in rig files, and their V4L2 codes.
const FORMATS: [(CameraFormat, &str, &[u8; 4]); 10] = [
    (CameraFormat::Mono8, "mono8", b"GREY"),
    (CameraFormat::BayerRg8, "bayer-rg8", b"RGGB"),
    (CameraFormat::BayerGr8, "bayer-gr8", b"GRBG"),
    (CameraFormat::BayerGb8, "bayer-gb8", b"GBRG"),
    (CameraFormat::BayerBg8, "bayer-bg8", b"BA81"),
    (CameraFormat::Yuyv, "yuyv", b"YUYV"),
    (CameraFormat::Nv12, "nv12", b"NV12"),
    (CameraFormat::Mjpeg, "mjpeg", b"MJPG"),
    (CameraFormat::Mjpeg, "mjpeg", b"JPEG"),
    (CameraFormat::Rgb8, "rgb8", b"RGB3"),
];
/// Rates that differ by less than this ratio count as equal: 59.94 Hz for 60.
const SAME_RATE: f64 = 0.01;

/// Sets format and size. Returns the resulting picture, and the least number of bytes of a complete one.
pub fn set(device: &Device, path: &str, settings: &CameraSettings) -> Result<(Picture, usize), DriverError> {
    let failed = |error| explain::failed(path, "set to this format", &error);
    let now = device.format().map_err(failed)?;
    let offered = device.enum_formats().map_err(failed)?;
    let possible: Vec<_> =
        FORMATS.into_iter().filter(|(.., code)| offered.iter().any(|offer| offer.fourcc.repr == **code)).collect();
    // Without a request, the device's current format if it is supported.
    let chosen = match settings.format {
        Some(format) => possible.iter().find(|known| known.0 == format),
        None => possible.iter().find(|(.., code)| **code == now.fourcc.repr).or(possible.first()),
    };
    let Some(&(format, name, code)) = chosen else {
        let asked = settings.format.and_then(|format| FORMATS.into_iter().find(|known| known.0 == format));
        let asked = asked.map_or("pictures that genlock knows", |(_, name, _)| name);
        return Err(DriverError::open(format!("{path} does not send {asked}"), formats(&possible, &offered)));
    };
    let (width_px, height_px) = settings.size_px.unwrap_or((now.width, now.height));
    let mut wanted = Format::new(width_px, height_px, FourCC::new(code));
    wanted.field_order = FieldOrder::Progressive;
    let taken = device.set_format(&wanted).map_err(failed)?;
    if taken.fourcc != wanted.fourcc || (taken.width, taken.height) != (width_px, height_px) {
        let what = format!("{path} does not send {width_px}×{height_px} pixels in {name}");
        return Err(DriverError::open(what, format!("set width-px and height-px to {}", sizes(device, wanted.fourcc))));
    }
    if matches!(taken.field_order, FieldOrder::Top | FieldOrder::Bottom | FieldOrder::Alternate) {
        let what = format!("{path} sends half-pictures: its signal is interlaced");
        return Err(DriverError::open(what, "let the source send a progressive signal"));
    }
    Ok(picture(format, &taken))
}

/// Sets the rate. Returns the device's resulting rate, in Hz.
pub fn set_rate(
    device: &Device,
    path: &str,
    picture: Picture,
    rate_hz: f64,
    exposes: Exposes,
) -> Result<f64, DriverError> {
    let interval = match rate_hz.fract() {
        0.0 => Fraction::new(1, rate_hz as u32),
        _ => Fraction::new(1000, (rate_hz * 1e3).round() as u32),
    };
    let taken = match device.set_params(&Parameters::new(interval)) {
        Ok(parameters) => hz(parameters.interval),
        Err(error) if error.kind() == ErrorKind::ResourceBusy => return Err(explain::failed(path, "set", &error)),
        Err(_) => None,
    };
    let Some(taken) = taken else {
        tracing::warn!(device = path, rate_hz, "its rate cannot be set; it uses its own rate");
        return Ok(rate_hz);
    };
    // With pulses on a line, the pulses determine the rate.
    if exposes == Exposes::Freely && (taken / rate_hz - 1.0).abs() > SAME_RATE {
        let (width, height) = picture.size_px();
        let what = format!("{path} does not send {rate_hz} pictures a second of {width}×{height} pixels");
        let remedy = format!("set trigger.rate-hz to {}", rates(device, width, height).unwrap_or(taken.to_string()));
        return Err(DriverError::open(what, remedy));
    }
    Ok(taken)
}

fn picture(format: CameraFormat, taken: &Format) -> (Picture, usize) {
    let Format { width: width_px, height: height_px, .. } = *taken;
    let raw = match format {
        CameraFormat::Mono8 => PixelFormat::Gray8,
        CameraFormat::BayerRg8 => PixelFormat::Bayer8(BayerPattern::Rggb),
        CameraFormat::BayerGr8 => PixelFormat::Bayer8(BayerPattern::Grbg),
        CameraFormat::BayerGb8 => PixelFormat::Bayer8(BayerPattern::Gbrg),
        CameraFormat::BayerBg8 => PixelFormat::Bayer8(BayerPattern::Bggr),
        CameraFormat::Yuyv => PixelFormat::Yuyv,
        CameraFormat::Nv12 => PixelFormat::Nv12,
        CameraFormat::Rgb8 => PixelFormat::Rgb8,
        CameraFormat::Mjpeg => return (Picture::Encoded { encoding: Encoding::Mjpeg, width_px, height_px }, 1),
    };
    // The stride that the device reports; some report none if there is no padding.
    let Picture::Raw { planes: packed, .. } = Picture::packed(raw, width_px, height_px) else { unreachable!() };
    let least = packed[0].map_or(0, |plane| plane.stride);
    let (stride, rows) = (least.max(taken.stride as usize), height_px as usize);
    let second = packed[1].map(|_| Plane { offset: stride * rows, stride });
    let bytes = stride * (rows + second.map_or(0, |_| rows / 2));
    let planes = [Some(Plane { offset: 0, stride }), second];
    (Picture::Raw { format: raw, width_px, height_px, planes }, bytes)
}

fn formats(possible: &[(CameraFormat, &str, &[u8; 4])], offered: &[v4l::format::Description]) -> String {
    if possible.is_empty() {
        let offered: Vec<_> = offered.iter().map(|offer| offer.description.as_str()).collect();
        return format!("it offers {}; use driver \"gstreamer\" to convert", offered.join(", "));
    }
    let names: BTreeSet<_> = possible.iter().map(|(_, name, _)| *name).collect();
    format!("set format to {}", one_of(names))
}

fn sizes(device: &Device, code: FourCC) -> String {
    let sizes = device.enum_framesizes(code).unwrap_or_default();
    one_of(sizes.iter().map(|offer| match &offer.size {
        FrameSizeEnum::Discrete(size) => format!("{}×{}", size.width, size.height),
        FrameSizeEnum::Stepwise(range) => {
            let steps = (range.step_width, range.step_height);
            let (least, most) = ((range.min_width, range.min_height), (range.max_width, range.max_height));
            format!("{}×{} to {}×{} in steps of {}×{}", least.0, least.1, most.0, most.1, steps.0, steps.1)
        }
    }))
}

fn rates(device: &Device, width_px: u32, height_px: u32) -> Option<String> {
    let code = device.format().ok()?.fourcc;
    let offers = device.enum_frameintervals(code, width_px, height_px).ok()?;
    let rate = |interval| hz(interval).map(|rate| (rate * 1e3).round() / 1e3);
    Some(one_of(offers.iter().filter_map(|offer| match &offer.interval {
        FrameIntervalEnum::Discrete(interval) => rate(*interval).map(|rate| rate.to_string()),
        FrameIntervalEnum::Stepwise(range) => Some(format!("{} to {}", rate(range.max)?, rate(range.min)?)),
    })))
}

fn hz(interval: Fraction) -> Option<f64> {
    let rate = f64::from(interval.denominator) / f64::from(interval.numerator);
    (rate.is_finite() && rate > 0.0).then_some(rate)
}

fn one_of(choices: impl IntoIterator<Item = impl ToString>) -> String {
    let choices: Vec<_> = choices.into_iter().map(|choice| choice.to_string()).collect();
    match choices.as_slice() {
        [] => "what it offers".into(),
        [choice] => choice.clone(),
        choices => format!("one of {}", choices.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(format: CameraFormat, stride: u32, expect: [Option<(usize, usize)>; 2], bytes: usize) {
        let taken = Format { stride, ..Format::new(6, 4, FourCC::new(b"----")) };
        let (picture, whole) = picture(format, &taken);
        let Picture::Raw { planes, .. } = picture else { panic!("{picture:?}") };
        assert_eq!(planes.map(|plane| plane.map(|plane| (plane.offset, plane.stride))), expect, "{format:?}");
        assert_eq!(whole, bytes, "{format:?}");
    }

    #[test]
    fn rows_lie_as_the_device_says() {
        check(CameraFormat::Mono8, 8, [Some((0, 8)), None], 32);
        check(CameraFormat::Yuyv, 0, [Some((0, 12)), None], 48);
        check(CameraFormat::Rgb8, 20, [Some((0, 20)), None], 80);
        check(CameraFormat::Nv12, 8, [Some((0, 8)), Some((32, 8))], 48);
    }
}
