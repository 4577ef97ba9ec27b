//! Which pulse exposed a frame, by its time and the camera's counter.

use frame::{HostTime, TriggerIndex};

use super::pulse_train::PulseTrain;
use super::wrap::unwrap_near;

/// A camera's frame counter, and how far its times are trusted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TriggerCounterConfig {
    /// Bits of the camera's frame counter, which counts one per pulse; 64 when it does not wrap.
    pub counter_bits: u32,
    /// A time identifies a pulse if it is nearer to it than this fraction of the period, with all uncertainties added.
    /// Below one half; the rest up to one half is a margin for times that are worse than their stated uncertainty.
    pub tolerance: f64,
}

impl TriggerCounterConfig {
    /// A counter of this many bits, and a tolerance of a quarter of the period.
    pub fn new(counter_bits: u32) -> Self {
        Self { counter_bits, tolerance: 0.25 }
    }
}

/// Which pulse exposed a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// The pulse, if it is known.
    pub index: TriggerIndex,
    /// Time and counter contradict each other: the camera restarted, missed a pulse or exposed without one, or a clock
    /// jumped. A person should be told.
    pub disagreement: bool,
}

/// Finds the trigger pulses of one camera's frames, by their times and by the camera's own counter.
///
/// The result is `Certain` if both identify the same pulse, `Tentative` if only one identifies any, and `Unresolved` if
/// neither does or they disagree. The first frame whose time identifies a pulse aligns the counter with the pulses; a
/// disagreement undoes that. A time too uncertain to identify a pulse must at least exclude that the counter is off by
/// one.
pub struct TriggerCounter {
    config: TriggerCounterConfig,
    /// Pulse minus counter, up to a multiple of the counter's range; `None` until aligned.
    offset: Option<i128>,
}

impl TriggerCounter {
    /// A counter that is not aligned with the pulses yet.
    pub fn new(config: TriggerCounterConfig) -> Self {
        Self { config, offset: None }
    }

    /// The pulse of a frame. `pulses` is the latest estimate of the pulses, `exposure` the frame's start of exposure,
    /// and `counter` the camera's counter as shown, if it has one.
    pub fn resolve(&mut self, pulses: &PulseTrain, exposure: HostTime, counter: Option<u64>) -> Resolution {
        let period_ns = pulses.period_ns;
        let (nearest, off_ns) = pulses.nearest(exposure.ns);
        let uncertainty_ns = f64::from(exposure.uncertainty_ns) + f64::from(pulses.uncertainty_ns);
        let by_time = (off_ns + uncertainty_ns < self.config.tolerance * period_ns).then_some(nearest);

        let Some(shown) = counter else { return Resolution::agreed(by_time, false) };
        let Some(offset) = self.offset else {
            self.offset = by_time.map(|pulse| pulse - i128::from(shown));
            return Resolution::agreed(by_time, false);
        };
        let by_counter = offset + unwrap_near(shown, self.config.counter_bits, nearest - offset);
        let apart_ns = pulses.apart_ns(exposure.ns, by_counter);
        // If the counter were off by one or more, the time would be at least a period away from its pulse.
        if apart_ns + uncertainty_ns < period_ns && by_time.is_none_or(|pulse| pulse == by_counter) {
            return Resolution::agreed(Some(by_counter), by_time.is_some());
        }
        let disagreement = by_time.is_some() || apart_ns > uncertainty_ns + period_ns / 2.0;
        if disagreement {
            self.offset = None;
        }
        Resolution { index: TriggerIndex::Unresolved, disagreement }
    }

    /// Resets the counter's alignment, for when the camera or the pulses are known to have restarted.
    pub fn reset(&mut self) {
        self.offset = None;
    }
}

impl Resolution {
    fn agreed(pulse: Option<i128>, by_both: bool) -> Self {
        // Negative numbers, before pulse 0, are no pulses.
        let index = match pulse.and_then(|pulse| u64::try_from(pulse).ok()) {
            Some(pulse) if by_both => TriggerIndex::Certain(pulse),
            Some(pulse) => TriggerIndex::Tentative(pulse),
            None => TriggerIndex::Unresolved,
        };
        Self { index, disagreement: false }
    }
}
