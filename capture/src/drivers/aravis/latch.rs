//! Reading a camera's clock apart from its pictures.

use ::aravis::prelude::*;
use ::aravis::{Camera, Device, glib};
use frame::monotonic_now_ns;

use crate::{DriverError, Latch};

/// By the names of GigE Vision and of the newer standard of features.
const NAMES: [(&str, &str, Option<&str>); 2] = [
    ("TimestampLatch", "TimestampLatchValue", None),
    ("GevTimestampControlLatch", "GevTimestampValue", Some("GevTimestampTickFrequency")),
];

pub struct Latches {
    command: &'static str,
    value: &'static str,
    ns_per_tick: f64,
}

impl Latches {
    /// None for cameras whose clock cannot be latched: their times then come from arrivals.
    pub fn find(device: &Device) -> Result<Option<Self>, DriverError> {
        let has = |feature: &str| device.is_feature_available(feature).unwrap_or(false);
        for (command, value, frequency) in NAMES {
            if !has(command) || !has(value) {
                continue;
            }
            let ns_per_tick = match frequency {
                None => 1.0,
                Some(frequency) => match device.integer_feature_value(frequency) {
                    Ok(hz) if hz > 0 => 1e9 / hz as f64,
                    _ => continue,
                },
            };
            return Ok(Some(Self { command, value, ns_per_tick }));
        }
        Ok(None)
    }

    /// In ns, as the stream stamps its pictures.
    pub fn read(&self, camera: &Camera) -> Result<Latch, glib::Error> {
        let before_ns = monotonic_now_ns();
        camera.execute_command(self.command)?;
        // The command is answered once the clock is latched; when its value is read does not matter.
        let after_ns = monotonic_now_ns();
        let ticks = (camera.integer(self.value)? as f64 * self.ns_per_tick) as u64;
        Ok(Latch { before_ns, ticks, after_ns })
    }
}
