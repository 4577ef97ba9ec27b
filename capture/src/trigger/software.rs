//! Pulses at which the host asks each camera for a picture.

use frame::monotonic_now_ns;
use frame_sync::timing::PulseTrain;

use super::{TriggerError, TriggerSource};
use crate::camera::DRIVER_WAIT;

/// From the start to the first pulse, so that every camera's thread knows of it in time: twice as long as they wait for
/// a unit.
const LEAD_NS: i64 = 2 * DRIVER_WAIT.as_nanos() as i64;

/// The host asks each camera for each picture: the camera threads fire their own cameras at the pulses that this
/// gives them, so a picture is exposed a command's way after its pulse.
pub struct SoftwareTrigger {
    period_ns: f64,
    train: Option<PulseTrain>,
}

impl SoftwareTrigger {
    pub fn new(rate_hz: f64) -> Self {
        Self { period_ns: 1e9 / rate_hz, train: None }
    }
}

impl TriggerSource for SoftwareTrigger {
    fn start(&mut self) -> Result<(), TriggerError> {
        self.train = Some(PulseTrain::new(monotonic_now_ns() + LEAD_NS, self.period_ns));
        Ok(())
    }

    fn pulses(&mut self) -> Result<Option<PulseTrain>, TriggerError> {
        Ok(self.train)
    }

    fn stop(&mut self) {
        self.train = None;
    }
}
