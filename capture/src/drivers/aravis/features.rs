//! The features of a GenICam camera, by name.

use ::aravis::prelude::*;
use ::aravis::{Camera, Device, glib};

use crate::DriverError;

/// A camera's features, with an error for each refusal.
pub struct Features<'a> {
    source: &'a str,
    device: &'a Device,
}

impl<'a> Features<'a> {
    pub fn new(source: &'a str, device: &'a Device) -> Self {
        Self { source, device }
    }

    /// The camera's answer, or the error that it refuses `what`.
    pub fn ask<T>(&self, what: &str, answer: Result<T, glib::Error>) -> Result<T, DriverError> {
        answer.map_err(|error| self.refused(what, &error.to_string(), "give another value, or leave the key out"))
    }

    pub fn refused(&self, what: &str, why: &str, remedy: &str) -> DriverError {
        DriverError::open(format!("the camera {} refuses {what}: {why}", self.source), remedy)
    }

    pub fn has(&self, feature: &str) -> bool {
        self.device.is_feature_available(feature).unwrap_or(false)
    }

    pub fn set_region(&self, camera: &Camera, width_px: u32, height_px: u32) -> Result<(), DriverError> {
        let what = format!("pictures of {width_px}×{height_px}");
        let (Ok((least_w, most_w)), Ok((least_h, most_h))) = (camera.width_bounds(), camera.height_bounds()) else {
            return self.ask(&what, camera.set_region(0, 0, width_px as i32, height_px as i32));
        };
        let fits = (least_w..=most_w).contains(&(width_px as i32)) && (least_h..=most_h).contains(&(height_px as i32));
        if !fits {
            let why = format!("it makes {least_w} to {most_w} by {least_h} to {most_h}");
            return Err(self.refused(&what, &why, "set width-px and height-px within that"));
        }
        self.ask(&what, camera.set_region(0, 0, width_px as i32, height_px as i32))
    }

    pub fn set_packet_bytes(&self, camera: &Camera, bytes: u32) -> Result<(), DriverError> {
        camera.gv_set_packet_size(bytes as i32).map_err(|error| {
            let remedy = "leave packet-bytes out, or raise the MTU of the network interface and the switch above it";
            self.refused(&format!("packets of {bytes} bytes"), &error.to_string(), remedy)
        })
    }
}
