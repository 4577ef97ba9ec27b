//! Live poses by a pose model: the newest moment in, its poses out, a status twice a second.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use transport::{Hint, HintSink, InferStatus, Moment, MomentSource, PoseSink, Received, TransportError};

use crate::crops::finder_set;
use crate::latencies::Latencies;
use crate::not_known;
use crate::pace::Pace;
use crate::{InferError, Mismatch, ModelFile, precision_name};

const REPORT_EVERY: Duration = Duration::from_millis(500);
/// How often the model's file is checked.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Owns the model and runs on the calling thread. Give it a source of depth 1: of the moments that arrive while one is
/// being computed, only the newest is worth a pose.
pub struct LivePoses<S, P, H> {
    source: S,
    poses: P,
    hints: H,
    model: ModelFile,
    /// Why the last moment got no poses.
    mismatch: Option<Mismatch>,
    /// Why nothing was known of the newest moment.
    not_known: Option<String>,
    /// The number of the next moment unless one is lost.
    expected: Option<u64>,
    received: u64,
    superseded: u64,
    answered: u64,
    recent: Latencies,
    pace: Pace,
    no_finder: Option<String>,
    /// The rig's cameras, in its order.
    names: Vec<String>,
    reported: Option<Instant>,
    looked: Option<Instant>,
}

impl<S: MomentSource, P: PoseSink, H: HintSink> LivePoses<S, P, H> {
    pub fn new(source: S, poses: P, hints: H, model: ModelFile) -> Self {
        Self {
            source,
            poses,
            hints,
            model,
            mismatch: None,
            not_known: None,
            expected: None,
            received: 0,
            superseded: 0,
            answered: 0,
            recent: Latencies::new(Instant::now()),
            pace: Pace::new(None),
            no_finder: None,
            names: Vec::new(),
            reported: None,
            looked: None,
        }
    }

    /// Limits the average use of all cores to this share, in (0, 1].
    pub fn with_share(self, share: Option<f64>) -> Self {
        Self { pace: Pace::new(share), ..self }
    }

    /// Reports why no joint finder is used instead.
    pub fn without_finder(self, why: Option<String>) -> Self {
        Self { no_finder: why, ..self }
    }

    /// Calls the rig's cameras by these names, in its order.
    pub fn with_names(self, names: Vec<String>) -> Self {
        Self { names, ..self }
    }

    /// Runs until the source is closed, or until `go_on`, called with each report, returns false.
    ///
    /// # Errors
    /// If the device fails. A model that does not fit is reported in the status instead.
    pub fn serve(&mut self, mut go_on: impl FnMut() -> bool) -> Result<(), InferError> {
        loop {
            let now = Instant::now();
            if is_due(self.looked, LOOK_EVERY, now) {
                self.looked = Some(now);
                if self.model.refresh() {
                    self.mismatch = None;
                }
            }
            if is_due(self.reported, REPORT_EVERY, now) {
                if !go_on() {
                    break;
                }
                self.report(now);
            }
            let wait = self.reported.map_or(Duration::ZERO, |at| (at + REPORT_EVERY).saturating_duration_since(now));
            let rest = self.pace.rest(now);
            if !rest.is_zero() {
                std::thread::sleep(rest.min(wait));
                continue;
            }
            if self.turn(wait)?.is_break() {
                break;
            }
        }
        self.report_end();
        Ok(())
    }

    /// Waits for a moment and answers it.
    fn turn(&mut self, wait: Duration) -> Result<ControlFlow<()>, InferError> {
        match self.source.receive(wait) {
            Ok(Some(moment)) => {
                let begun = Pace::begin();
                self.answer(&moment)?;
                self.pace.end(begun);
            }
            Ok(None) => {}
            Err(TransportError::Closed) => return Ok(ControlFlow::Break(())),
            Err(error) => tracing::error!(%error, "a moment cannot be decoded"),
        }
        Ok(ControlFlow::Continue(()))
    }

    fn answer(&mut self, Received { number, value: moment }: &Received<Moment>) -> Result<(), InferError> {
        // Neither joining late nor a restart of the sender is a loss.
        self.superseded += self.expected.map_or(0, |expected| number.saturating_sub(expected));
        self.expected = Some(number + 1);
        self.received += 1;
        let Some(engine) = self.model.engine() else { return Ok(()) };
        // Poses are each of one view, so any view is enough. A moment without any comes where too few cameras can be used.
        if moment.views.is_empty() {
            let set = finder_set(moment);
            self.not_known = not_known::why(&set, &self.names);
            if let Some(why) = self.not_known.clone() {
                let message = not_known::message(&set, engine.version().to_owned(), why);
                self.poses.send(&message).unwrap_or_else(|error| tracing::warn!(%error, "poses not sent"));
            }
            return Ok(());
        }
        self.not_known = None;
        match engine.poses(moment) {
            Ok(mut message) => {
                message.model_origin = self.model.origin();
                self.mismatch = None;
                self.answered += 1;
                self.recent.add(message.latency_ms, Instant::now());
                self.poses.send(&message).unwrap_or_else(|error| tracing::warn!(%error, "poses not sent"));
            }
            Err(InferError::Mismatch(mismatch)) => {
                if self.mismatch.as_ref() != Some(&mismatch) {
                    tracing::warn!("no poses, the pose model does not fit: {mismatch}");
                    self.mismatch = Some(mismatch);
                }
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// The present status.
    pub fn status(&mut self, now: Instant) -> InferStatus {
        let percentiles = self.recent.percentiles(now);
        let engine = self.model.engine();
        InferStatus {
            state: self.state(),
            model_version: engine.map(|engine| engine.version().to_owned()),
            model_origin: self.model.origin(),
            precision: engine.map(|engine| precision_name(engine.precision()).to_owned()).unwrap_or_default(),
            poses: self.answered,
            moments_received: self.received,
            moments_superseded: self.superseded,
            fps: self.recent.per_s(now),
            latency_ms_p50: percentiles.map(|latency| latency.p50),
            latency_ms_p99: percentiles.map(|latency| latency.p99),
            rig: None,
            own_network: None,
            no_finder: self.no_finder.clone(),
        }
    }

    fn state(&self) -> String {
        let path = self.model.path().display();
        match (self.name(), self.model.problem(), &self.mismatch) {
            (None, None, _) => format!(
                "no poses: they need a pose model, and there is none at {path}. Make labels with `genlock labels \
                 import --trc FILE --calibration FILE --out LABELS`, then the model with `genlock finetune --session \
                 TAKE --labels LABELS --from CHECKPOINT --out {path}`; it is loaded while this runs"
            ),
            (None, Some(problem), _) => format!("no poses: {problem}"),
            (Some(model), Some(problem), Some(mismatch)) => format!("no poses by {model}: {mismatch}; and {problem}"),
            (Some(model), None, Some(mismatch)) => format!("no poses by {model}: {mismatch}"),
            (Some(model), Some(problem), None) => format!("poses by {model}; another file cannot be used: {problem}"),
            (Some(model), None, None) if self.received == 0 => format!("{model} waits for moments"),
            (Some(model), None, None) => match &self.not_known {
                Some(why) => format!("no poses by {model}: {why}"),
                None => format!("poses by {model}"),
            },
        }
    }

    /// The model in use, and what pictures it gets if that was asked for.
    fn name(&self) -> Option<String> {
        let (engine, origin) = (self.model.engine()?, self.model.origin()?);
        let asked = if engine.background() == engine.spec().background { "" } else { ", on plain pictures" };
        Some(format!("{origin} ({}{asked})", engine.version()))
    }

    fn report(&mut self, now: Instant) {
        self.reported = Some(now);
        let status = self.status(now);
        self.send(status);
    }

    /// The last report is about the whole run.
    fn report_end(&mut self) {
        let mut status = self.status(Instant::now());
        let (fps, percentiles) = self.recent.whole();
        status.fps = fps;
        status.latency_ms_p50 = percentiles.map(|latency| latency.p50);
        status.latency_ms_p99 = percentiles.map(|latency| latency.p99);
        self.send(status);
    }

    fn send(&mut self, status: InferStatus) {
        self.hints.send(&Hint::Infer(status)).unwrap_or_else(|error| tracing::warn!(%error, "status not sent"));
    }
}

pub(crate) fn is_due(last: Option<Instant>, every: Duration, now: Instant) -> bool {
    last.is_none_or(|at| now.saturating_duration_since(at) >= every)
}
