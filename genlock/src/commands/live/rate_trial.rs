//! Finds the rate that this machine keeps up with, by a trial.

use std::time::{Duration, Instant};

use session::{End, Outcome, Playback, Prepared, Session, Sinks};

use super::Live;
use crate::{rate, report};

/// How long the rate is measured with learning on, from the first trigger.
const MEASURE: Duration = Duration::from_secs(5);
/// From the start of a session to its first trigger.
const LEAD: Duration = Duration::from_millis(1500);
/// How long to wait for the learner's first step. After this the rate is measured without it, with a warning.
const LEARNER_START: Duration = Duration::from_secs(40);
/// The divisor of the trial.
const SLOWEST: u32 = rate::DIVISORS[rate::DIVISORS.len() - 1];
const MESSAGE: &str = "measuring which rate this machine keeps up with; not recorded";

impl Live<'_> {
    /// Plays at the lowest rate, unrecorded, with learning on, and measures the cost of a frame. Returns the chosen
    /// divisor if the trial was completed, and the rate of the trial.
    pub fn try_rates(&self, prepared: Prepared, sinks: Sinks) -> miette::Result<(Result<u32, End>, Outcome, f64)> {
        let source_hz = prepared.rate_hz() * f64::from(prepared.playback.divisor);
        let playback = Playback { divisor: SLOWEST, ..prepared.playback };
        let mut session = prepared.start_trial(playback, sinks).map_err(report::not_started)?;
        let (rate_hz, cameras) = (session.rate_hz(), session.camera_names().len());
        let end = self.measure(&mut session);
        let outcome = session.stop();
        let chosen = match end {
            End::TimeOver if outcome.errors.is_empty() => Ok(rate::choose(source_hz, cameras, &outcome.crop_work)),
            end => Err(end),
        };
        Ok((chosen, outcome, rate_hz))
    }

    /// Waits for the learner's first step, then measures.
    fn measure(&self, session: &mut Session) -> End {
        let steps = || {
            self.learners
                .statuses
                .get()
                .0
                .map_or(0, |learner| learner.steps - learner.resumed_from_step.unwrap_or(0).min(learner.steps))
        };
        if self.learning {
            tracing::info!("waiting for the learner's first step, at most {} s", LEARNER_START.as_secs());
            let by = Some(Instant::now() + LEARNER_START);
            let end = self.watch(session, by, Some(MESSAGE), || steps() > 0);
            if !matches!(end, End::TimeOver | End::Enough) {
                return end;
            }
            if steps() == 0 {
                tracing::warn!("the learner has made no step in {LEARNER_START:?}; the rate is measured without it");
            }
        }
        let (seconds, rate_hz) = (MEASURE.as_secs(), session.rate_hz());
        tracing::info!("measuring for {seconds} s at {rate_hz:.0} Hz which rate this machine keeps up with");
        session.crop_work.clear();
        self.watch(session, Some(Instant::now() + MEASURE + LEAD), Some(MESSAGE), || false)
    }
}
