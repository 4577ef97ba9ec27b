//! This host's clock against the first host's.

use calibration_free_config::LinkClock;
use frame::{HostTime, Problem, monotonic_now_ns};
use frame_sync::timing::{PulseTrain, RoundTripClock, RoundTripConfig};
use transport::{LinkedPulses, SystemClock};

/// One question and its answer, timed by both clocks.
#[derive(Clone, Copy)]
pub(super) struct Exchange {
    /// This host's monotonic clock before the question left, and after the answer came.
    pub asked_ns: i64,
    pub answered_ns: i64,
    /// The first host's monotonic clock in between.
    pub shown_ns: i64,
    pub here: SystemClock,
    pub there: SystemClock,
}

/// What is known of the first host's clock.
pub(super) enum HostClock {
    Network(RoundTripClock),
    /// The offset and its uncertainty; `None` until both system clocks are synchronised.
    Ptp(Option<(i64, u32)>),
}

impl HostClock {
    pub fn new(kind: LinkClock) -> Self {
        match kind {
            LinkClock::Network => Self::Network(RoundTripClock::new(RoundTripConfig::new(1.0, 64))),
            LinkClock::Ptp => Self::Ptp(None),
        }
    }

    /// Updates the estimate from an exchange; the error says why the exchange is unusable.
    pub fn observe(&mut self, exchange: &Exchange) -> Result<(), Problem> {
        let Exchange { asked_ns, answered_ns, shown_ns, here, there } = *exchange;
        match self {
            Self::Network(clock) => {
                clock.observe(asked_ns, shown_ns.unsigned_abs(), answered_ns);
                Ok(())
            }
            Self::Ptp(relation) => {
                *relation = None;
                let use_network = "or set link.clock = \"network\"";
                let unsynchronised = |whose: &str, start: &str| {
                    let what = format!("{whose} system clock is not synchronised");
                    Problem::with_remedy(what, format!("{start}, {use_network}"))
                };
                let Some(mine) = here.uncertainty_ns else {
                    return Err(unsynchronised("this host's", "run ptp4l and phc2sys"));
                };
                let Some(its) = there.uncertainty_ns else {
                    return Err(unsynchronised("the first host's", "run ptp4l and phc2sys there"));
                };
                let (offset_ns, uncertainty_ns) = (here.offset_ns - there.offset_ns, mine.saturating_add(its));
                let slack_ns = i64::from(uncertainty_ns);
                if !(asked_ns - slack_ns..=answered_ns + slack_ns).contains(&(shown_ns - offset_ns)) {
                    return Err(Problem::with_remedy(
                        "the system clocks of the hosts contradict a round trip",
                        format!("let ptp4l and phc2sys settle, {use_network}"),
                    ));
                }
                *relation = Some((offset_ns, uncertainty_ns));
                Ok(())
            }
        }
    }

    /// What the first host's monotonic clock shows when this one's shows `here_ns`.
    pub fn there(&self, here_ns: i64) -> Option<HostTime> {
        match self {
            Self::Network(clock) => {
                let remote = clock.remote_at(here_ns)?;
                Some(HostTime::monotonic(remote.ticks as i64, remote.uncertainty_ns))
            }
            Self::Ptp(relation) => {
                relation.map(|(offset, uncertainty)| HostTime::monotonic(here_ns + offset, uncertainty))
            }
        }
    }

    /// What this host's shows when the first host's shows `there_ns`, which is about now.
    pub fn here(&self, there_ns: i64, now_ns: i64) -> Option<HostTime> {
        match self {
            Self::Network(clock) => clock.map(there_ns.unsigned_abs(), now_ns),
            Self::Ptp(relation) => {
                relation.map(|(offset, uncertainty)| HostTime::monotonic(there_ns - offset, uncertainty))
            }
        }
    }

    /// The first host's pulses on this host's clock: the line through the next pulse and one a second later, so it is
    /// accurate around now. Pulse numbers do not change.
    pub fn train(&self, pulses: &LinkedPulses, now_ns: i64) -> Option<PulseTrain> {
        let pulse_ns = |pulse: f64| pulses.start_ns + (pulse * pulses.period_ns).round() as i64;
        let elapsed_ns = self.there(now_ns)?.ns - pulses.start_ns;
        let next = (elapsed_ns as f64 / pulses.period_ns).ceil().max(0.0);
        let second = (1e9 / pulses.period_ns).ceil().max(1.0);
        let (one, other) = (self.here(pulse_ns(next), now_ns)?, self.here(pulse_ns(next + second), now_ns)?);
        let period_ns = (other.ns - one.ns) as f64 / second;
        Some(PulseTrain {
            start_ns: one.ns - (next * period_ns).round() as i64,
            period_ns,
            uncertainty_ns: pulses.uncertainty_ns.saturating_add(one.uncertainty_ns),
        })
    }
}

/// Reads this host's system clock against its monotonic one.
pub(super) fn system_clock() -> SystemClock {
    let before_ns = monotonic_now_ns();
    let utc_ns = chrono::Utc::now().timestamp_nanos_opt().unwrap_or(i64::MAX);
    let after_ns = monotonic_now_ns();
    // SAFETY: an all-zero `timex` is valid; it requests a read and sets nothing.
    let mut kernel: libc::timex = unsafe { std::mem::zeroed() };
    // SAFETY: `kernel` is valid, and with `modes` 0 the call only writes to it.
    let state = unsafe { libc::adjtimex(&mut kernel) };
    let synchronised = (0..libc::TIME_ERROR).contains(&state) && kernel.status & libc::STA_UNSYNC == 0;
    let error_ns = (kernel.maxerror as i64).saturating_mul(1000).saturating_add((after_ns - before_ns) / 2);
    SystemClock {
        offset_ns: utc_ns - before_ns.midpoint(after_ns),
        uncertainty_ns: synchronised.then(|| u32::try_from(error_ns).unwrap_or(u32::MAX)),
    }
}

#[cfg(test)]
mod tests {
    use frame::SegmentId;

    use super::*;

    /// The first host's clock is a thousand seconds ahead and runs 20 ppm fast.
    fn there(here_ns: i64) -> i64 {
        here_ns + 1_000_000_000_000 + here_ns / 50_000
    }

    fn exchange(asked_ns: i64, way_ns: [i64; 2]) -> Exchange {
        let unknown = SystemClock { offset_ns: 0, uncertainty_ns: None };
        let shown_ns = there(asked_ns + way_ns[0]);
        Exchange { asked_ns, answered_ns: asked_ns + way_ns[0] + way_ns[1], shown_ns, here: unknown, there: unknown }
    }

    #[test]
    fn round_trips_bound_the_offset_and_carry_the_pulses() {
        let mut clock = HostClock::new(LinkClock::Network);
        assert_eq!(clock.there(0), None);
        let begin_ns = 5_000_000_000;
        for i in 0..100 {
            // The two directions have unequal delays, which are sometimes long.
            let way_ns = if i % 7 == 0 { [40_000, 90_000] } else { [3_000_000, 400_000] };
            clock.observe(&exchange(begin_ns + i * 200_000_000, way_ns)).unwrap();
        }
        let now_ns = begin_ns + 20_000_000_000;
        let shown = clock.there(now_ns).unwrap();
        assert!((shown.ns - there(now_ns)).abs() <= i64::from(shown.uncertainty_ns), "{shown:?}");
        assert!(shown.uncertainty_ns < 100_000, "{shown:?}");
        let back = clock.here(shown.ns, now_ns).unwrap();
        assert!((back.ns - now_ns).abs() < 10, "{back:?}");

        // The first host's pulses at 50 Hz; `there` above gives their true times here.
        let pulses = LinkedPulses {
            start_ns: there(begin_ns),
            period_ns: 2e7,
            uncertainty_ns: 500,
            segment: SegmentId::seam(3),
        };
        let train = clock.train(&pulses, now_ns).unwrap();
        for pulse in 1000..1100 {
            let true_ns = begin_ns as f64 + pulse as f64 * 2e7 / 1.00002;
            let off_ns = (train.pulse_ns(pulse) as f64 - true_ns).abs();
            assert!(off_ns <= f64::from(train.uncertainty_ns), "pulse {pulse}: {off_ns}");
        }
        assert!(train.uncertainty_ns > 500);
    }

    #[test]
    fn clocks_in_step_are_taken_as_one_unless_a_round_trip_contradicts() {
        let mut clock = HostClock::new(LinkClock::Ptp);
        let step = |offset_ns, uncertainty_ns| SystemClock { offset_ns, uncertainty_ns };
        let good = Exchange {
            asked_ns: 1_000_000,
            answered_ns: 1_200_000,
            shown_ns: 5_001_100_000,
            here: step(9_000_000_000, Some(700)),
            there: step(4_000_000_000, Some(300)),
        };
        clock.observe(&good).unwrap();
        assert_eq!(clock.there(7), Some(HostTime::monotonic(5_000_000_007, 1_000)));
        assert_eq!(clock.here(5_000_000_007, 0), Some(HostTime::monotonic(7, 1_000)));
        let said = |exchange: Exchange| HostClock::new(LinkClock::Ptp).observe(&exchange).unwrap_err().what;
        assert!(said(Exchange { here: step(9_000_000_000, None), ..good }).starts_with("this host's"));
        assert!(said(Exchange { there: step(4_000_000_000, None), ..good }).starts_with("the first host's"));
        assert!(said(Exchange { here: step(9_050_000_000, Some(700)), ..good }).contains("contradict"));
    }
}
