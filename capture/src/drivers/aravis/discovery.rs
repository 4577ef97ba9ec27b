//! Lists and opens cameras.

use std::sync::{Mutex, PoisonError};

use ::aravis::{Aravis, Camera, DeviceInfo};

use crate::DriverError;

/// A camera as Aravis names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundCamera {
    /// The value of `source` in a rig file; its address works as well.
    pub id: String,
    /// Name of the camera's manufacturer.
    pub vendor: String,
    /// Name of the camera's model.
    pub model: String,
    /// How the camera is connected, such as `GigEVision` or `USB3Vision`.
    pub protocol: String,
    /// For GigE Vision, the camera's IP address.
    pub address: String,
}

/// All cameras that answer on the networks of this host.
pub fn list() -> Vec<FoundCamera> {
    devices()
        .into_iter()
        .map(|device| {
            let text = |text: std::ffi::CString| text.to_string_lossy().into_owned();
            FoundCamera {
                id: text(device.id),
                vendor: text(device.vendor),
                model: text(device.model),
                protocol: text(device.protocol),
                address: text(device.address),
            }
        })
        .collect()
}

/// Aravis's list is global, so one thread at a time reads it.
fn devices() -> Vec<DeviceInfo> {
    static TOKEN: Mutex<Option<Aravis>> = Mutex::new(None);
    let mut token = TOKEN.lock().unwrap_or_else(PoisonError::into_inner);
    if token.is_none() {
        // This fails if other code in this process initialised Aravis; the list is then empty.
        *token = Aravis::initialize().ok();
    }
    token.as_ref().map(Aravis::get_device_list).unwrap_or_default()
}

pub fn open(source: &str) -> Result<Camera, DriverError> {
    Camera::new(Some(source)).map_err(|error| {
        let found = list();
        // A serial number is a part of the id.
        let is = |camera: &FoundCamera| camera.address == source || camera.id.contains(source);
        let is_there = found.iter().any(is);
        let found: Vec<_> = found.iter().map(|camera| format!("{} ({})", camera.id, camera.address)).collect();
        let remedy = if is_there {
            "it is in use: close the program that controls it, or wait a few seconds if one was just killed".to_owned()
        } else if found.is_empty() {
            "no camera answers: check power, cable, and that its address is in this host's network".to_owned()
        } else {
            format!("name one of {}", found.join(", "))
        };
        DriverError::open(format!("the camera {source} does not open: {error}"), remedy)
    })
}
