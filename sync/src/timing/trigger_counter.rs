//! Which pulse exposed a frame, from its time and the camera's counter.

use frame::{HostTime, TriggerIndex};

use super::pulse_train::PulseTrain;
use super::wrap::unwrap_near;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TriggerCounterConfig {
    /// Bits of the camera's frame counter, which counts one a pulse and wraps; 64 when it does not.
    pub counter_bits: u32,
    /// Time speaks for a pulse when it is, with all uncertainty, nearer to it than this fraction of the period. Below
    /// one half; what is left up to there is the margin for times worse than they say.
    pub tolerance: f64,
}

impl TriggerCounterConfig {
    /// A quarter of the period as tolerance.
    pub fn new(counter_bits: u32) -> Self {
        Self { counter_bits, tolerance: 0.25 }
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
/// Where times are vague, the counter is believed only as far as they rule out that it slipped by one.
pub struct TriggerCounter {
    config: TriggerCounterConfig,
    /// Pulse minus counter, up to turns of the counter.
    tie: Option<i128>,
}

impl TriggerCounter {
    pub fn new(config: TriggerCounterConfig) -> Self {
        Self { config, tie: None }
    }

    /// `pulses` are the pulses as they are known now, `exposure` the start of exposure, `counter` what the camera's
    /// counter shows, if it has one.
    pub fn resolve(&mut self, pulses: &PulseTrain, exposure: HostTime, counter: Option<u64>) -> Resolution {
        let period_ns = pulses.period_ns;
        let (nearest, off_ns) = pulses.nearest(exposure.ns);
        let uncertainty_ns = f64::from(exposure.uncertainty_ns) + f64::from(pulses.uncertainty_ns);
        let by_time = (off_ns + uncertainty_ns < self.config.tolerance * period_ns).then_some(nearest);

        let Some(shown) = counter else { return Resolution::agreed(by_time, false) };
        let Some(tie) = self.tie else {
            self.tie = by_time.map(|pulse| pulse - i128::from(shown));
            return Resolution::agreed(by_time, false);
        };
        let by_counter = tie + unwrap_near(shown, self.config.counter_bits, nearest - tie);
        let apart_ns = pulses.apart_ns(exposure.ns, by_counter);
        // Had the counter slipped, by one or by more, the time would lie nearer to the pulse beside.
        if apart_ns + uncertainty_ns < period_ns && by_time.is_none_or(|pulse| pulse == by_counter) {
            return Resolution::agreed(Some(by_counter), by_time.is_some());
        }
        let disagreement = by_time.is_some() || apart_ns > uncertainty_ns + period_ns / 2.0;
        if disagreement {
            self.tie = None;
        }
        Resolution { index: TriggerIndex::Unresolved, disagreement }
    }

    /// Unties the counter, as when the camera is known to have started anew.
    pub fn reset(&mut self) {
        self.tie = None;
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
