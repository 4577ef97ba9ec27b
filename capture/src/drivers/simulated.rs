//! A simulated camera: raw pictures at the pulses of a trigger, for tests and benchmarks.

use std::time::Duration;

use frame::{HostTime, LossReason, Picture, PixelFormat, SegmentId, Slot, TriggerIndex, monotonic_now_ns};

use crate::{CameraDriver, DriverError, DriverEvent, PulseTrain, Stamp, Unit};

/// What a simulated camera delivers.
#[derive(Clone, Debug)]
pub struct SimulatedCamera {
    /// The times at which it exposes, one unit a pulse.
    pub pulses: PulseTrain,
    /// Width of its 8-bit grey pictures, in pixels.
    pub width_px: u32,
    /// Height of its pictures, in pixels.
    pub height_px: u32,
    /// Shows a bright square that jumps around on a dark background, as a subject to crop.
    pub shows_square: bool,
    /// Units to send before the source ends; `None` for an endless source.
    pub units: Option<u64>,
    /// Loses every n-th unit, and reports it.
    pub lose_every: Option<u64>,
    /// Fails, once, when it reaches this unit.
    pub fail_at: Option<u64>,
}

impl SimulatedCamera {
    /// A camera without a square that delivers at every pulse, endlessly and without losses.
    pub fn new(pulses: PulseTrain, width_px: u32, height_px: u32) -> Self {
        Self { pulses, width_px, height_px, shows_square: false, units: None, lose_every: None, fail_at: None }
    }

    /// `resume_at`: the first pulse after a reconnection.
    pub fn open(&self, resume_at: u64) -> SimulatedDriver {
        SimulatedDriver { camera: self.clone(), pulse: resume_at }
    }
}

/// The driver of a [`SimulatedCamera`].
pub struct SimulatedDriver {
    camera: SimulatedCamera,
    pulse: u64,
}

impl SimulatedDriver {
    /// Replaces the pulses.
    pub fn follow(&mut self, pulses: PulseTrain) {
        self.camera.pulses = pulses;
    }
}

impl CameraDriver for SimulatedDriver {
    fn next(&mut self, slot: Option<&mut Slot>, wait: Duration) -> Result<DriverEvent, DriverError> {
        let camera = &self.camera;
        if camera.units.is_some_and(|units| self.pulse >= units) {
            return Ok(DriverEvent::Ended);
        }
        let due_ns = camera.pulses.pulse_ns(self.pulse);
        let wait_ns = due_ns - monotonic_now_ns();
        if wait_ns > wait.as_nanos() as i64 {
            std::thread::sleep(wait);
            return Ok(DriverEvent::Idle);
        }
        if wait_ns > 0 {
            std::thread::sleep(Duration::from_nanos(wait_ns as u64));
        }
        let pulse = self.pulse;
        self.pulse += 1;
        if camera.fail_at == Some(pulse) {
            return Err(DriverError::Stream(format!("simulated failure at pulse {pulse}")));
        }
        if camera.lose_every.is_some_and(|n| pulse % n == n - 1) {
            return Ok(DriverEvent::Lost { reason: LossReason::MissingAtSource, frames: 1 });
        }
        if let Some(slot) = slot {
            slot.bytes_mut().resize((camera.width_px * camera.height_px) as usize, 0);
            if camera.shows_square {
                draw_square(slot.bytes_mut(), camera.width_px as usize, camera.height_px as usize, pulse as usize);
            }
        }
        Ok(DriverEvent::Unit(Unit {
            segment: SegmentId::seam(0),
            exposure: Stamp::Host(HostTime::monotonic(due_ns, 1_000)),
            exposure_duration_ns: 1_000_000,
            counter: Some(pulse),
            trigger: TriggerIndex::Unresolved,
            source: None,
            picture: Picture::packed(PixelFormat::Gray8, camera.width_px, camera.height_px),
        }))
    }
}

/// Draws a square with a quarter of the picture's height, at a different place for each pulse.
fn draw_square(picture: &mut [u8], width: usize, height: usize, pulse: usize) {
    let side = height / 4;
    let (x, y) = (pulse * 31 % (width - side).max(1), pulse * 17 % (height - side).max(1));
    for row in picture.chunks_exact_mut(width).skip(y).take(side) {
        row[x.min(width)..(x + side).min(width)].fill(220);
    }
}
