//! Software triggers: when a camera is asked for its pictures.

use std::time::Duration;

use frame::{HostTime, monotonic_now_ns};

use crate::trigger::Published;
use crate::{CameraDriver, DriverError, Stamp, Unit};

/// When a camera is asked for its pictures, and for which it was not.
#[derive(Default)]
pub(crate) struct Firing {
    /// The next pulse at which it is to be asked, of those of this beginning.
    beginning: (Option<u32>, u32),
    next: Option<u64>,
    /// Pulses at which it was not, since the last unit, and when the last of them was.
    unasked: u64,
    unasked_ns: i64,
}

impl Firing {
    /// Asks for a picture if one is due; says how long it is until the next one.
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
            // Too late for this one, it would look like the next: that picture is not taken.
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

    /// Pictures that were not asked for before this one; units that were taken earlier may come later.
    pub fn unasked_before(&mut self, unit: &Unit) -> u64 {
        let (Stamp::Host(HostTime { ns, .. }) | Stamp::Device { arrival_ns: ns, .. }) = unit.exposure;
        if ns > self.unasked_ns { std::mem::take(&mut self.unasked) } else { 0 }
    }
}
