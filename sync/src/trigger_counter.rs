use frame::{HostTime, TriggerIndex};

use crate::wrap::unwrap_near;

/// Evenly spaced trigger pulses on the host's clock; pulse `k` begins an exposure at `start_ns + k · period_ns`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PulseTrain {
    pub start_ns: i64,
    /// Above zero; not a whole number at most rates.
    pub period_ns: f64,
}

impl PulseTrain {
    /// The pulse nearest to a time, and how far the time is from it.
    fn nearest(&self, ns: i64) -> (i128, f64) {
        let periods = (ns - self.start_ns) as f64 / self.period_ns;
        let pulse = periods.round();
        (pulse as i128, (periods - pulse).abs() * self.period_ns)
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TriggerCounterConfig {
    pub pulses: PulseTrain,
    /// Bits of the camera's frame counter, which counts one a pulse and wraps; 64 when it does not.
    pub counter_bits: u32,
    /// Time speaks for a pulse when it is, with all its uncertainty, nearer to it than this fraction of the period.
    /// Below one half; what is left up to there is the margin for times worse than they say.
    pub tolerance: f64,
}

impl TriggerCounterConfig {
    /// A quarter of the period as tolerance.
    pub fn new(pulses: PulseTrain, counter_bits: u32) -> Self {
        Self { pulses, counter_bits, tolerance: 0.25 }
    }
}

/// Which pulse exposed a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolution {
    pub index: TriggerIndex,
    /// Time and counter contradict each other: the camera restarted, missed a pulse or made one up, or the clock
    /// jumped. Worth an alarm.
    pub disagreement: bool,
}

/// Gives the frames of one camera the numbers of their trigger pulses, by time and by the camera's own counter.
///
/// `Certain` when both speak and agree, `Tentative` when one speaks alone, `Unresolved` when none does or they
/// disagree. The counter is tied to the pulses by the first frame whose time is clear; a disagreement cuts the tie.
/// A counter that slips while times are vaguer than the slip shows only once they are clear again.
pub struct TriggerCounter {
    config: TriggerCounterConfig,
    /// Pulse minus counter, up to turns of the counter.
    tie: Option<i128>,
}

impl TriggerCounter {
    pub fn new(config: TriggerCounterConfig) -> Self {
        Self { config, tie: None }
    }

    /// `exposure` is the start of exposure, `counter` what the camera's counter shows, if it has one.
    pub fn resolve(&mut self, exposure: HostTime, counter: Option<u64>) -> Resolution {
        let period_ns = self.config.pulses.period_ns;
        let (nearest, off_ns) = self.config.pulses.nearest(exposure.ns);
        let uncertainty_ns = f64::from(exposure.uncertainty_ns);
        let by_time = (off_ns + uncertainty_ns < self.config.tolerance * period_ns).then_some(nearest);

        let Some(shown) = counter else { return Resolution::agreed(by_time, false) };
        let Some(tie) = self.tie else {
            self.tie = by_time.map(|pulse| pulse - i128::from(shown));
            return Resolution::agreed(by_time, false);
        };
        let turn_ns = period_ns * (self.config.counter_bits as f64).exp2();
        // Too vague even to tell one turn of the counter from the next.
        if uncertainty_ns + period_ns >= turn_ns / 2.0 {
            return Resolution::agreed(by_time, false);
        }
        let by_counter = tie + unwrap_near(shown, self.config.counter_bits, nearest - tie);
        let apart_ns = (by_counter as f64 * period_ns - (exposure.ns - self.config.pulses.start_ns) as f64).abs();
        let agree = match by_time {
            Some(pulse) => pulse == by_counter,
            None => apart_ns < uncertainty_ns + period_ns / 2.0,
        };
        if !agree {
            self.tie = None;
            return Resolution { index: TriggerIndex::Unresolved, disagreement: true };
        }
        Resolution::agreed(Some(by_counter), by_time.is_some())
    }
}

impl Resolution {
    fn agreed(pulse: Option<i128>, by_both: bool) -> Self {
        // Before the first pulse there is none.
        let index = match pulse.and_then(|pulse| u64::try_from(pulse).ok()) {
            Some(pulse) if by_both => TriggerIndex::Certain(pulse),
            Some(pulse) => TriggerIndex::Tentative(pulse),
            None => TriggerIndex::Unresolved,
        };
        Self { index, disagreement: false }
    }
}
