//! Explains a device's errors, and what to do about them.

use std::fs;
use std::io::Error;

use v4l::capability::{Capabilities, Flags};

use crate::DriverError;

/// `/dev/video3` for `3`; anything else is a path.
pub fn path_of(source: &str) -> String {
    if source.parse::<u32>().is_ok() { format!("/dev/video{source}") } else { source.to_owned() }
}

/// The error of a device that cannot be `doing`, such as "opened".
pub fn failed(path: &str, doing: &str, error: &Error) -> DriverError {
    match error.raw_os_error() {
        Some(libc::ENOENT | libc::ENODEV | libc::ENXIO) => {
            DriverError::open(format!("{path} is not there"), format!("plug it in, or {}", others()))
        }
        Some(libc::EACCES | libc::EPERM) => DriverError::open(
            format!("{path} may not be used by this user"),
            "add the user to the group video (`sudo usermod -aG video $USER`) and log in again",
        ),
        Some(libc::EBUSY) => DriverError::open(
            format!("{path} is in use by another program or another camera of the rig"),
            format!("close the other one (`fuser {path}` shows it)"),
        ),
        Some(libc::ENOTTY) => {
            DriverError::open(format!("{path} is no V4L2 device"), format!("use another: {}", others()))
        }
        _ => DriverError::open(format!("{path} cannot be {doing}: {error}"), "unplug it and plug it in again"),
    }
}

/// The error of a device that stopped delivering.
pub fn lost(path: &str, error: &Error) -> DriverError {
    DriverError::Stream(match error.raw_os_error() {
        Some(libc::ENODEV | libc::ENXIO) => format!("{path} is gone: it was unplugged"),
        _ => format!("{path} stopped delivering: {error}"),
    })
}

/// Fails for devices without pictures, such as the second device of a webcam.
pub fn must_send_pictures(path: &str, about: &Capabilities) -> Result<(), DriverError> {
    if about.capabilities.contains(Flags::VIDEO_CAPTURE | Flags::STREAMING) {
        return Ok(());
    }
    let remedy = if about.capabilities.contains(Flags::VIDEO_CAPTURE_MPLANE) {
        "its pictures come in several planes: open it with driver \"gstreamer\" and v4l2src".to_owned()
    } else {
        format!("use another: {}", others())
    };
    Err(DriverError::open(format!("{path} ({}) streams no pictures of the kind that webcams send", about.card), remedy))
}

/// Lists the available devices.
fn others() -> String {
    let entries = fs::read_dir("/sys/class/video4linux").into_iter().flatten().flatten();
    let mut devices: Vec<_> = entries
        .filter_map(|entry| {
            let device = entry.file_name().into_string().ok().filter(|name| name.starts_with("video"))?;
            let name = fs::read_to_string(entry.path().join("name")).unwrap_or_default();
            Some(format!("/dev/{device} ({})", name.trim()))
        })
        .collect();
    devices.sort();
    if devices.is_empty() { "there are no video devices".into() } else { format!("there are {}", devices.join(", ")) }
}
