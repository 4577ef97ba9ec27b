//! Reads a camera's clock independently of its pictures.

use ::aravis::prelude::*;
use ::aravis::{Camera, Device, glib};
use frame::monotonic_now_ns;

use crate::{DriverError, Latch};

/// Command and value features, and whether the value is in ticks: the newer standard's names (ns), then those of GigE
/// Vision (ticks).
const NAMES: [(&str, &str, bool); 2] =
    [("TimestampLatch", "TimestampLatchValue", false), ("GevTimestampControlLatch", "GevTimestampValue", true)];

/// The features that latch a camera's clock.
pub struct Latches {
    command: &'static str,
    value: &'static str,
    ns_per_tick: f64,
}

/// Length of a GigE Vision clock's tick; `None` for cameras that do not report it, whose clocks count ns.
pub fn ns_per_gige_tick(device: &Device) -> Option<f64> {
    let hz = device.integer_feature_value("GevTimestampTickFrequency").ok()?;
    (hz > 0).then(|| 1e9 / hz as f64)
}

impl Latches {
    /// `None` for cameras whose clock cannot be latched: their times are then derived from arrivals.
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

    /// In ns, like the stream's stamps.
    pub fn read(&self, camera: &Camera) -> Result<Latch, glib::Error> {
        let before_ns = monotonic_now_ns();
        camera.execute_command(self.command)?;
        // The command returns once the clock is latched, so it does not matter when its value is read.
        let after_ns = monotonic_now_ns();
        let ticks = (camera.integer(self.value)? as f64 * self.ns_per_tick) as u64;
        Ok(Latch { before_ns, ticks, after_ns })
    }
}
