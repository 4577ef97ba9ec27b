//! Finds the rate that this machine keeps up with, by playing.

use std::time::{Duration, Instant};

use frame::{LossLedger, SegmentId, monotonic_now_ns};
use miette::IntoDiagnostic;
use subject::SubjectCropper;

use super::Live;
use crate::control::{End, Happenings};
use crate::hosts::Part;
use crate::rate;
use crate::session::moments::Sinks;
use crate::session::{Remains, Session, Setup};
use crate::source::LEAD_NS;

/// How long the rate is measured with learning on.
const MEASURE: Duration = Duration::from_secs(5);
/// How long the learner may take to its first step; the rate is then measured without it, and that is said.
const LEARNER_START: Duration = Duration::from_secs(40);
/// Segments of the trial share no number with those of the session.
const SEGMENTS: SegmentId = SegmentId(1 << 31);
/// The divisor of the trial.
const SLOWEST: u32 = rate::DIVISORS[rate::DIVISORS.len() - 1];
const MESSAGE: &str = "measuring which rate this machine keeps up with; not recorded";

impl Live<'_> {
    /// The rate of the trial.
    pub fn slowest_hz(&self) -> f64 {
        self.source.rate_hz() / f64::from(SLOWEST)
    }

    /// Plays at the lowest rate, unrecorded, with learning on, and sees what a frame costs. The divisor is chosen
    /// where the trial lasted its time.
    pub fn try_rates(
        &self,
        croppers: Vec<SubjectCropper>,
        sinks: Sinks,
        happenings: &mut Happenings,
    ) -> miette::Result<(Result<u32, End>, Remains)> {
        let slowest = rate::DIVISORS[rate::DIVISORS.len() - 1];
        let rate_hz = self.source.rate_hz() / f64::from(slowest);
        tracing::info!(
            "measuring for {} s at {rate_hz:.0} Hz which rate this machine keeps up with",
            MEASURE.as_secs()
        );
        let (cameras, pulses) = self.source.cameras(SLOWEST, monotonic_now_ns() + LEAD_NS)?;
        self.pictures.begin(rate_hz);
        let session = Session::start(Setup {
            cameras,
            pulses,
            matching: self.source.matching(),
            first_segment: SEGMENTS,
            croppers,
            preprocessing: self.hash,
            sinks,
            plan: self.pictures.clone(),
            ledgers: self.names.iter().map(|_| LossLedger::default()).collect(),
            recorder: None,
            page: self.page.cloned(),
            part: Part::Alone,
        })
        .into_diagnostic()?;
        let end = self.measure(&session, rate_hz, happenings);
        let remains = session.stop();
        let chosen = match end {
            End::TimeOver if remains.errors.is_empty() => {
                Ok(rate::choose(self.source.rate_hz(), self.names.len(), &remains.crop_work))
            }
            end => Err(end),
        };
        Ok((chosen, remains))
    }

    /// Waits for the learner's first step, forgets what was measured before it, and measures.
    fn measure(&self, session: &Session, rate_hz: f64, happenings: &mut Happenings) -> End {
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
            let end = self.watch(session, rate_hz, by, happenings, Some(MESSAGE), || steps() > 0);
            if end != End::TimeOver {
                return end;
            }
            if steps() == 0 {
                tracing::warn!("the learner has made no step in {LEARNER_START:?}; the rate is measured without it");
            }
        }
        tracing::info!(
            "measuring for {} s at {rate_hz:.0} Hz which rate this machine keeps up with",
            MEASURE.as_secs()
        );
        session.crop_work.clear();
        let by = Some(Instant::now() + MEASURE + Duration::from_nanos(LEAD_NS as u64));
        self.watch(session, rate_hz, by, happenings, Some(MESSAGE), || false)
    }
}
