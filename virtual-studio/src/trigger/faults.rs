//! Faults of cameras: the bounds in a scenario, and the values that one camera draws within them.

use std::ops::Range;

use rand::RngExt;
use serde::Deserialize;

use crate::seed;

/// Bounds of faults; 0 everywhere is an exact trigger. Each camera draws its own values.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Faults {
    /// Maximum delay between pulse and exposure.
    pub offset_ms: f64,
    /// Maximum extra time of the transfer to the host.
    pub jitter_ms: f64,
    /// Maximum share of pictures lost.
    pub loss: f64,
    /// Maximum share of pictures delivered twice.
    pub duplicate: f64,
    /// Share of the cameras that leave for a tenth of the take and return with their counter at 0.
    pub leave: f64,
    /// Share of the cameras that silently fall one picture behind during the take.
    pub slip: f64,
}

/// The faults of one camera.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CameraFaults {
    /// From pulse to exposure.
    pub offset_ns: i64,
    /// From exposure to arrival, at most.
    pub jitter_ns: i64,
    /// Shares of the pictures.
    pub loss: f64,
    pub duplicate: f64,
    /// Pulses during which the camera is away.
    pub absence: Option<Range<u64>>,
    /// The pulse from which each picture is that of the previous pulse.
    pub slips_at: Option<u64>,
}

impl Faults {
    pub(super) fn draw(&self, pulses: u64, seed: u64, camera: u64) -> CameraFaults {
        let mut rng = seed::stream_at(seed, "faults", camera);
        let mut part = |most: f64| most * rng.random::<f64>();
        let ms = |value: f64| (value * 1e6) as i64;
        let (offset_ns, jitter_ns) = (ms(part(self.offset_ms)), ms(part(self.jitter_ms)));
        // This draw is unused, but without it a seed would give other faults than before.
        part(0.0);
        let (loss, duplicate) = (part(self.loss), part(self.duplicate));
        let leaves = part(1.0) < self.leave;
        let from = pulses / 4 + part(pulses as f64 / 4.0) as u64;
        let slips = part(1.0) < self.slip;
        let slips_at = pulses / 3 + part(pulses as f64 / 3.0) as u64;
        CameraFaults {
            offset_ns,
            jitter_ns,
            loss,
            duplicate,
            absence: leaves.then_some(from..from + (pulses / 10).max(1)),
            slips_at: slips.then_some(slips_at),
        }
    }
}
