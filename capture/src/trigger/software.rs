//! Pulses at which the host requests a picture from each camera.

use frame::monotonic_now_ns;
use frame_sync::timing::PulseTrain;

use super::{TriggerError, TriggerSource};
use crate::camera::DRIVER_WAIT;

/// Time from the start to the first pulse: twice the longest wait for a unit, so that every camera thread learns of it
/// in time.
const LEAD_NS: i64 = 2 * DRIVER_WAIT.as_nanos() as i64;

/// The host requests each picture: the camera threads fire their cameras at these pulses, so a picture is exposed one
/// command latency after its pulse.
pub struct SoftwareTrigger {
    period_ns: f64,
    train: Option<PulseTrain>,
}

impl SoftwareTrigger {
    /// Pulses at `rate_hz`, once started.
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
