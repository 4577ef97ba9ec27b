//! When each camera delivers which picture: exactly, or with faults drawn by seed.
//!
//! A pure function of (camera, pulse): no clock, no thread, no state.

mod faults;

pub use faults::{CameraFaults, Faults};

use rand::RngExt;

use crate::seed;

/// One picture as it reaches the host, times in nanoseconds after pulse 0 on the host's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// When the host has received the whole picture.
    pub arrival_ns: i64,
    /// The pulse that exposed the picture, which the host does not know.
    pub shown: u64,
    /// Start of the exposure by that pulse.
    pub exposure_ns: i64,
    /// How often the camera has started before.
    pub start: u32,
}

/// The pulses of a rig, and its cameras' reactions to them.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulatedTrigger {
    rate_hz: f64,
    seed: u64,
    cameras: Vec<CameraFaults>,
}

impl SimulatedTrigger {
    /// Faults of each camera drawn by seed within the bounds of `faults`. `pulses` is the length of the take, in which
    /// absences and slips fall.
    pub fn new(rate_hz: f64, cameras: usize, faults: &Faults, pulses: u64, seed: u64) -> Self {
        Self { rate_hz, seed, cameras: (0..cameras as u64).map(|camera| faults.draw(pulses, seed, camera)).collect() }
    }

    pub fn faults(&self, camera: usize) -> &CameraFaults {
        &self.cameras[camera]
    }

    /// The time of a pulse, nanoseconds after pulse 0 on the host's clock.
    pub fn pulse_ns(&self, pulse: u64) -> i64 {
        (pulse as f64 * 1e9 / self.rate_hz).round() as i64
    }

    /// The pictures that a camera delivers for a pulse: usually one, none if it is lost, two if it is duplicated.
    pub fn deliver(&self, camera: usize, pulse: u64) -> impl Iterator<Item = Delivery> + use<> {
        let delivered = self.first(camera, pulse);
        let twice = delivered.filter(|_| self.chance(camera, pulse, "duplicate") < self.cameras[camera].duplicate);
        let gap_ns = (0.1e9 / self.rate_hz) as i64;
        let second = twice.map(|first| Delivery { arrival_ns: first.arrival_ns + gap_ns, ..first });
        delivered.into_iter().chain(second)
    }

    fn first(&self, camera: usize, pulse: u64) -> Option<Delivery> {
        let faults = &self.cameras[camera];
        let (started, start) = match &faults.absence {
            Some(absence) if absence.contains(&pulse) => return None,
            Some(absence) if pulse >= absence.end => (absence.end, 1),
            _ => (0, 0),
        };
        if self.chance(camera, pulse, "loss") < faults.loss {
            return None;
        }
        let slipped = faults.slips_at.is_some_and(|at| pulse >= at.max(started));
        let shown = if slipped { pulse.saturating_sub(1).max(started) } else { pulse };
        let jitter = faults.jitter_ns as f64;
        let late_ns = (jitter * (2.0 * self.chance(camera, pulse, "jitter") - 1.0)) as i64;
        Some(Delivery {
            arrival_ns: self.pulse_ns(pulse) + faults.offset_ns + late_ns.abs(),
            shown,
            exposure_ns: self.pulse_ns(shown) + faults.offset_ns,
            start,
        })
    }

    /// A pseudo-random number from 0 to 1 for each camera, pulse and purpose.
    fn chance(&self, camera: usize, pulse: u64, name: &str) -> f64 {
        seed::stream_at(seed::derive(self.seed.wrapping_add(camera as u64), name), "pulse", pulse).random()
    }
}

#[cfg(test)]
mod tests;
