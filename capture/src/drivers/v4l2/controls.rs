//! Sets exposure, gain and trigger, where a device has them.

use std::io::ErrorKind;

use calibration_free_config::Exposes;
use v4l::control::{Control, Value};
use v4l::v4l_sys::{
    V4L2_CID_ANALOGUE_GAIN, V4L2_CID_AUTOGAIN, V4L2_CID_EXPOSURE_ABSOLUTE, V4L2_CID_EXPOSURE_AUTO, V4L2_CID_GAIN,
    V4L2_CTRL_FLAG_NEXT_CTRL, v4l2_query_ext_ctrl,
};
use v4l::{Device, v4l2};

use super::explain;
use crate::DriverError;

/// Values of `V4L2_CID_EXPOSURE_AUTO` for a manual exposure; some devices support only the second.
const EXPOSURE_BY_HAND: [i64; 2] = [1, 2];
/// Unit of `V4L2_CID_EXPOSURE_ABSOLUTE`.
const EXPOSURE_STEP_US: f64 = 100.0;

/// Returns the exposure in ns; 0 if it is not requested and so not known.
pub fn set_exposure(device: &Device, path: &str, exposure_us: Option<f64>) -> Result<u32, DriverError> {
    let Some(exposure_us) = exposure_us else { return Ok(0) };
    if !has(device, V4L2_CID_EXPOSURE_ABSOLUTE) {
        let what = format!("the exposure of {path} cannot be set");
        return Err(DriverError::open(what, "leave exposure-us out, and set it at the camera itself"));
    }
    if has(device, V4L2_CID_EXPOSURE_AUTO)
        && !EXPOSURE_BY_HAND.iter().any(|&by_hand| set(device, V4L2_CID_EXPOSURE_AUTO, by_hand).is_ok())
    {
        let what = format!("the automatic exposure of {path} cannot be switched off");
        return Err(DriverError::open(what, "leave exposure-us out"));
    }
    let wanted = (exposure_us / EXPOSURE_STEP_US).round().max(1.0) as i64;
    let taken = set_exactly(device, path, "exposure-us", V4L2_CID_EXPOSURE_ABSOLUTE, wanted, EXPOSURE_STEP_US)?;
    Ok((taken as f64 * EXPOSURE_STEP_US * 1e3) as u32)
}

/// V4L2 has no unit for gain: the value is specific to the device.
pub fn set_gain(device: &Device, path: &str, gain: Option<f64>) -> Result<(), DriverError> {
    let Some(gain) = gain else { return Ok(()) };
    let Some(id) = [V4L2_CID_GAIN, V4L2_CID_ANALOGUE_GAIN].into_iter().find(|&id| has(device, id)) else {
        let what = format!("the gain of {path} cannot be set");
        return Err(DriverError::open(what, "leave gain-db out, and set it at the camera itself"));
    };
    if has(device, V4L2_CID_AUTOGAIN) {
        set(device, V4L2_CID_AUTOGAIN, 0).map_err(|error| explain::failed(path, "set to a fixed gain", &error))?;
    }
    set_exactly(device, path, "gain-db", id, gain.round() as i64, 1.0).map(drop)
}

/// V4L2 has no triggers, but devices with a trigger input have a custom control named "trigger mode".
pub fn set_trigger(device: &Device, path: &str, exposes: Exposes) -> Result<(), DriverError> {
    let refused = |what: &str| {
        let remedy = "set trigger.mode to \"free-run\", or use a machine-vision camera with driver \"aravis\"";
        Err(DriverError::open(format!("{path} {what}"), remedy))
    };
    let external = match exposes {
        Exposes::Freely => 0,
        Exposes::OnPulse => 1,
        Exposes::AsPrimary => return refused("cannot drive other cameras: V4L2 has no trigger output"),
        Exposes::OnRequest => return refused("takes no software trigger: V4L2 has none"),
        Exposes::OnSchedule => return refused("cannot expose on a schedule: V4L2 has no shared clock"),
    };
    let Some(id) = find_control(device, "trigger mode") else {
        return if external == 0 { Ok(()) } else { refused("has no trigger input that V4L2 knows of") };
    };
    set(device, id, external).map_err(|error| explain::failed(path, "set to its trigger", &error))
}

/// The id of a device's control with this name, ignoring case. The crate's own list of controls panics at unknown
/// kinds.
pub fn find_control(device: &Device, name: &str) -> Option<u32> {
    // SAFETY: zeros are a valid query.
    let mut query: v4l2_query_ext_ctrl = unsafe { std::mem::zeroed() };
    loop {
        query.id |= V4L2_CTRL_FLAG_NEXT_CTRL;
        let fd = device.handle().fd();
        // SAFETY: the request takes this struct, which outlives the call.
        unsafe { v4l2::ioctl(fd, v4l2::vidioc::VIDIOC_QUERY_EXT_CTRL, (&raw mut query).cast()) }.ok()?;
        let letters = query.name.iter().take_while(|&&letter| letter != 0).map(|&letter| letter as u8);
        if letters.map(|letter| letter.to_ascii_lowercase()).eq(name.to_ascii_lowercase().bytes()) {
            return Some(query.id);
        }
    }
}

fn has(device: &Device, id: u32) -> bool {
    // A control that cannot be read now still exists.
    device.control(id).map_or_else(|error| error.kind() == ErrorKind::PermissionDenied, |_| true)
}

fn set(device: &Device, id: u32, value: i64) -> std::io::Result<()> {
    device.set_control(Control { id, value: Value::Integer(value) })
}

/// Sets a control and reads it back: devices silently clamp values.
fn set_exactly(device: &Device, path: &str, key: &str, id: u32, wanted: i64, unit: f64) -> Result<i64, DriverError> {
    let failed = |error| explain::failed(path, &format!("set to this {key}"), &error);
    set(device, id, wanted).map_err(failed)?;
    let taken = match device.control(id).map_err(failed)?.value {
        Value::Integer(taken) => taken,
        _ => wanted,
    };
    // Rounding to the nearest step of the device is fine.
    if (taken - wanted).abs() * 20 > wanted.max(20) {
        let (wanted, taken) = (wanted as f64 * unit, taken as f64 * unit);
        let what = format!("{path} cannot be set to {key} = {wanted}");
        return Err(DriverError::open(what, format!("its nearest is {taken}")));
    }
    Ok(taken)
}
