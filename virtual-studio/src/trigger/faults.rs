use rand::RngExt;
use serde::Deserialize;

use crate::seed;

/// How badly cameras may behave; 0 everywhere is an exact trigger. Each camera draws its own share.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Faults {
    /// Greatest delay between pulse and exposure.
    pub offset_ms: f64,
    /// Greatest drift of a camera's clock, to either side.
    pub drift_ppm: f64,
    /// Greatest extra time on the way to the host.
    pub jitter_ms: f64,
    /// Greatest share of pictures lost.
    pub loss: f64,
    /// Greatest share of pictures delivered twice.
    pub duplicate: f64,
    /// Width of the cameras' pulse counters: they start again at 2^bits.
    pub counter_bits: u32,
    /// Share of the cameras that leave for a tenth of the take and return, their counter at 0.
    pub leave: f64,
    /// Share of the cameras that in mid-take fall one picture behind, in silence.
    pub slip: f64,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            offset_ms: 0.0,
            drift_ppm: 0.0,
            jitter_ms: 0.0,
            loss: 0.0,
            duplicate: 0.0,
            counter_bits: 64,
            leave: 0.0,
            slip: 0.0,
        }
    }
}

/// The faults of one camera.
#[derive(Clone, Debug, PartialEq)]
pub struct CameraFaults {
    /// From pulse to exposure.
    pub offset_ns: i64,
    /// What the camera's clock shows at pulse 0, and how much too fast it runs.
    pub clock_ns: i64,
    pub drift_ppm: f64,
    /// From exposure to arrival, and at most how much later at random.
    pub latency_ns: i64,
    pub jitter_ns: i64,
    /// Shares of the pictures.
    pub loss: f64,
    pub duplicate: f64,
    /// From 1 to 64.
    pub counter_bits: u32,
    pub absence: Option<Absence>,
    pub slip: Option<Slip>,
}

/// Pulses that find no camera. Its counter starts again at 0 afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Absence {
    pub from: u64,
    pub until: u64,
}

/// From a pulse on, each picture is an earlier one than time and counter say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slip {
    pub from: u64,
    pub frames: u32,
}

impl Default for CameraFaults {
    fn default() -> Self {
        Self {
            offset_ns: 0,
            clock_ns: 0,
            drift_ppm: 0.0,
            latency_ns: 0,
            jitter_ns: 0,
            loss: 0.0,
            duplicate: 0.0,
            counter_bits: 64,
            absence: None,
            slip: None,
        }
    }
}

impl CameraFaults {
    pub(super) fn counter_mask(&self) -> u64 {
        u64::MAX >> (64 - self.counter_bits.clamp(1, 64))
    }
}

impl Faults {
    pub(super) fn draw(&self, cameras: usize, pulses: u64, seed: u64) -> Vec<CameraFaults> {
        (0..cameras).map(|camera| self.draw_one(pulses, seed, camera as u64)).collect()
    }

    fn draw_one(&self, pulses: u64, seed: u64, camera: u64) -> CameraFaults {
        let mut rng = seed::stream_at(seed, "faults", camera);
        let mut part = |most: f64| most * rng.random::<f64>();
        let ms = |value: f64| (value * 1e6) as i64;
        let (offset, jitter) = (ms(part(self.offset_ms)), ms(part(self.jitter_ms)));
        let drift_ppm = 2.0 * part(self.drift_ppm) - self.drift_ppm;
        let (loss, duplicate) = (part(self.loss), part(self.duplicate));
        let clock_ns = if self.drift_ppm > 0.0 { ms(part(1e7)) } else { 0 };
        let leaves = part(1.0) < self.leave;
        let from = pulses / 4 + part(pulses as f64 / 4.0) as u64;
        let slips = part(1.0) < self.slip;
        let slip_from = pulses / 3 + part(pulses as f64 / 3.0) as u64;
        CameraFaults {
            offset_ns: offset,
            clock_ns,
            drift_ppm,
            latency_ns: 0,
            jitter_ns: jitter,
            loss,
            duplicate,
            counter_bits: self.counter_bits,
            absence: leaves.then_some(Absence { from, until: from + (pulses / 10).max(1) }),
            slip: slips.then_some(Slip { from: slip_from, frames: 1 }),
        }
    }
}
