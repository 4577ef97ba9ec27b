//! Evenly spaced trigger pulses.

/// Evenly spaced trigger pulses on the host's clock, as they are known now; pulse `k` begins an exposure at
/// `start_ns + k · period_ns`.
///
/// Whoever watches the pulses estimates this again and again, since their crystal drifts against the host's. The numbers
/// of pulses stay what they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PulseTrain {
    pub start_ns: i64,
    /// Above zero; not a whole number at most rates.
    pub period_ns: f64,
    /// Half-width of the interval that holds the true instant of a pulse of these seconds 95 % of the time.
    pub uncertainty_ns: u32,
}

impl PulseTrain {
    /// Pulses that are known exactly.
    pub fn new(start_ns: i64, period_ns: f64) -> Self {
        Self { start_ns, period_ns, uncertainty_ns: 0 }
    }

    /// When a pulse begins its exposure.
    pub fn pulse_ns(&self, pulse: u64) -> i64 {
        self.start_ns + (pulse as f64 * self.period_ns).round() as i64
    }

    /// The pulse nearest to a time, below zero before the first, and how far the time is from it, in ns.
    pub(crate) fn nearest(&self, ns: i64) -> (i128, f64) {
        let periods = (ns - self.start_ns) as f64 / self.period_ns;
        let pulse = periods.round();
        (pulse as i128, (periods - pulse).abs() * self.period_ns)
    }

    /// How far a time is from a pulse, in ns.
    pub(crate) fn apart_ns(&self, ns: i64, pulse: i128) -> f64 {
        ((ns - self.start_ns) as f64 - pulse as f64 * self.period_ns).abs()
    }
}
