//! Reading a camera's clock apart from its pictures.

use ::aravis::prelude::*;
use ::aravis::{Camera, Device, glib};
use frame::monotonic_now_ns;

use crate::{DriverError, Latch};

/// Command and value, by the names of the newer standard of features, in ns, and of GigE Vision, in ticks.
const NAMES: [(&str, &str, bool); 2] =
    [("TimestampLatch", "TimestampLatchValue", false), ("GevTimestampControlLatch", "GevTimestampValue", true)];

pub struct Latches {
    command: &'static str,
    value: &'static str,
    ns_per_tick: f64,
}

/// Of the clocks of GigE Vision; none for cameras that do not say, whose clocks count ns.
pub fn ns_per_gige_tick(device: &Device) -> Option<f64> {
    let hz = device.integer_feature_value("GevTimestampTickFrequency").ok()?;
    (hz > 0).then(|| 1e9 / hz as f64)
}

impl Latches {
    /// None for cameras whose clock cannot be latched: their times then come from arrivals.
    pub fn find(device: &Device) -> Result<Option<Self>, DriverError> {
        let has = |feature: &str| device.is_feature_available(feature).unwrap_or(false);
        for (command, value, in_ticks) in NAMES {
            if !has(command) || !has(value) {
                continue;
            }
            let ns_per_tick = if in_ticks { ns_per_gige_tick(device) } else { Some(1.0) };
            let Some(ns_per_tick) = ns_per_tick else { continue };
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
