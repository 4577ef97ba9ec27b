//! Software triggers: when a picture is requested from a camera.

use std::time::Duration;

use frame::{HostTime, monotonic_now_ns};

use crate::trigger::Published;
use crate::{CameraDriver, DriverError, Stamp, Unit};

/// Schedules the picture requests of one camera and counts the skipped pulses.
#[derive(Default)]
pub(crate) struct Firing {
    /// The start of the pulses that `next`, the next pulse to request, counts from.
    beginning: (Option<u32>, u32),
    next: Option<u64>,
    /// Pulses skipped since the last unit, and when the last of them was due.
    unasked: u64,
    unasked_ns: i64,
}

impl Firing {
    /// Requests a picture if one is due. Returns the time until the next one.
    pub fn look(&mut self, driver: &mut dyn CameraDriver, pulses: Published) -> Result<Duration, DriverError> {
        let Published { train, .. } = pulses;
        if self.beginning != pulses.beginning() {
            (self.beginning, self.next) = (pulses.beginning(), None);
        }
        let due_ns = |pulse: u64| train.start_ns + (pulse as f64 * train.period_ns).round() as i64;
        let now_ns = monotonic_now_ns();
        let upcoming = ((now_ns - train.start_ns) as f64 / train.period_ns).ceil().max(0.0) as u64;
        let mut next = self.next.unwrap_or(upcoming);
        if now_ns >= due_ns(next) {
            let late_ns = now_ns - due_ns(next);
            let after = upcoming.max(next + 1);
            // A picture taken this late would look like the next one, so it is skipped.
            if late_ns as f64 <= train.period_ns / 4.0 {
                driver.fire()?;
            } else {
                self.unasked += after - next;
                self.unasked_ns = due_ns(after - 1);
            }
            next = after;
        }
        self.next = Some(next);
        Ok(Duration::from_nanos((due_ns(next) - monotonic_now_ns()).max(0) as u64))
    }

    /// Takes the count of pulses skipped before this unit. Units exposed before a skipped pulse may arrive after it;
    /// they take nothing.
    pub fn unasked_before(&mut self, unit: &Unit) -> u64 {
        let (Stamp::Host(HostTime { ns, .. }) | Stamp::Device { arrival_ns: ns, .. }) = unit.exposure;
        if ns > self.unasked_ns { std::mem::take(&mut self.unasked) } else { 0 }
    }
}
