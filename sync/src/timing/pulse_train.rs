//! Evenly spaced trigger pulses.

/// The current estimate of evenly spaced trigger pulses, on the host's clock. Pulse `k` begins an exposure at
/// `start_ns + k · period_ns`.
///
/// The estimate must be renewed all the time, since the pulses' clock drifts against the host's. The numbers of the
/// pulses do not change with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PulseTrain {
    /// When pulse 0 begins its exposure, in ns.
    pub start_ns: i64,
    /// Time from pulse to pulse in ns, above zero; not a whole number at most rates.
    pub period_ns: f64,
    /// Half-width in ns of the interval that holds the true time of a current pulse with a probability of 95 %.
    pub uncertainty_ns: u32,
}

impl PulseTrain {
    /// Pulses that are known exactly, without uncertainty.
    pub fn new(start_ns: i64, period_ns: f64) -> Self {
        Self { start_ns, period_ns, uncertainty_ns: 0 }
    }

    /// When a pulse begins its exposure, in ns.
    pub fn pulse_ns(&self, pulse: u64) -> i64 {
        self.start_ns + (pulse as f64 * self.period_ns).round() as i64
    }

    /// The pulse nearest to a time (negative before pulse 0), and how far the time is from it, in ns.
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
