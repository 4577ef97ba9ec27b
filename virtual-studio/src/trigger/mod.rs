//! When each camera delivers which picture, with which number: exactly, or with faults drawn by seed.
//!
//! A pure function of (camera, pulse): no clock, no thread, no state. Beside what a camera says stands the truth.

mod faults;

pub use faults::{Absence, CameraFaults, Faults, Slip};

use rand::RngExt;

use crate::seed;

/// One picture as it reaches the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub camera: usize,
    /// What the camera says: its own count of pulses since it started, wrapped.
    pub counter: u64,
    /// What the camera says: its own clock at the start of exposure, nanoseconds.
    pub device_ns: i64,
    /// When the host has the whole picture, on the host's clock.
    pub arrival_ns: i64,
    pub truth: Truth,
}

/// What nobody can see from a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truth {
    /// The pulse that exposed the picture.
    pub pulse: u64,
    /// Start of exposure on the host's clock.
    pub exposure_ns: i64,
    /// How often the camera has started before.
    pub start: u32,
    /// The second delivery of a picture.
    pub duplicate: bool,
}

/// The pulses of a rig, and what its cameras make of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    rate_hz: f64,
    seed: u64,
    cameras: Vec<CameraFaults>,
}

impl Trigger {
    /// A trigger without any fault.
    pub fn exact(rate_hz: f64, cameras: usize) -> Self {
        Self { rate_hz, seed: 0, cameras: vec![CameraFaults::default(); cameras] }
    }

    /// Faults of each camera drawn by seed within the bounds of `faults`. `pulses` is the length of the take, in which
    /// absences and slips fall.
    pub fn with_faults(rate_hz: f64, cameras: usize, faults: &Faults, pulses: u64, seed: u64) -> Self {
        Self { rate_hz, seed, cameras: faults.draw(cameras, pulses, seed) }
    }

    /// Given faults of each camera.
    pub fn new(rate_hz: f64, cameras: Vec<CameraFaults>, seed: u64) -> Self {
        Self { rate_hz, seed, cameras }
    }

    pub fn faults(&self, camera: usize) -> &CameraFaults {
        &self.cameras[camera]
    }

    /// When a pulse goes out, nanoseconds after pulse 0 on the host's clock.
    pub fn pulse_ns(&self, pulse: u64) -> i64 {
        (pulse as f64 * 1e9 / self.rate_hz).round() as i64
    }

    /// What a camera delivers for a pulse: mostly one picture, none where it is lost, two where it is duplicated.
    pub fn deliver(&self, camera: usize, pulse: u64) -> impl Iterator<Item = Delivery> + use<> {
        let delivered = self.first(camera, pulse);
        let twice = delivered.filter(|_| self.chance(camera, pulse, "duplicate") < self.cameras[camera].duplicate);
        let gap_ns = (0.1e9 / self.rate_hz) as i64;
        let second = twice.map(|first| Delivery {
            arrival_ns: first.arrival_ns + gap_ns,
            truth: Truth { duplicate: true, ..first.truth },
            ..first
        });
        delivered.into_iter().chain(second)
    }

    /// Everything that the cameras deliver for the pulses from 0 to `pulses`, in the order of arrival.
    pub fn deliveries(&self, pulses: u64) -> Vec<Delivery> {
        let cameras = 0..self.cameras.len();
        let mut all: Vec<_> =
            (0..pulses).flat_map(|pulse| cameras.clone().flat_map(move |camera| self.deliver(camera, pulse))).collect();
        // Stable: what arrives at once stays in the order of pulse and camera.
        all.sort_by_key(|delivery| delivery.arrival_ns);
        all
    }

    fn first(&self, camera: usize, pulse: u64) -> Option<Delivery> {
        let faults = &self.cameras[camera];
        let (started, start) = match faults.absence {
            Some(Absence { from, until }) if (from..until).contains(&pulse) => return None,
            Some(Absence { until, .. }) if pulse >= until => (until, 1),
            _ => (0, 0),
        };
        if self.chance(camera, pulse, "loss") < faults.loss {
            return None;
        }
        // After a slip the picture is an earlier one, and nothing that the camera says shows it.
        let exposed_by = match faults.slip {
            Some(Slip { from, frames }) if pulse >= from.max(started) => {
                pulse.saturating_sub(u64::from(frames)).max(started)
            }
            _ => pulse,
        };
        let jitter = faults.jitter_ns as f64;
        let spread = |name| (jitter * (2.0 * self.chance(camera, pulse, name) - 1.0)) as i64;
        let said_ns = self.pulse_ns(pulse) + faults.offset_ns;
        let device_ns = (said_ns as f64 * (1.0 + 1e-6 * faults.drift_ppm)).round() as i64 + faults.clock_ns;
        Some(Delivery {
            camera,
            counter: (pulse - started) & faults.counter_mask(),
            device_ns,
            arrival_ns: said_ns + faults.latency_ns + spread("jitter").abs(),
            truth: Truth {
                pulse: exposed_by,
                exposure_ns: self.pulse_ns(exposed_by) + faults.offset_ns,
                start,
                duplicate: false,
            },
        })
    }

    /// A number from 0 to 1 for each camera, pulse and purpose.
    fn chance(&self, camera: usize, pulse: u64, name: &str) -> f64 {
        seed::stream_at(seed::derive(self.seed.wrapping_add(camera as u64), name), "pulse", pulse).random()
    }
}

#[cfg(test)]
mod tests;
