//! The learner on a live stream: take new moments, make a step, report progress, write checkpoints.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, TryRecvError};
use crossbeam::select;
use frame::monotonic_now_ns;
use learn::LearnError;
use learn::runs::Learner;
use miette::{Context, IntoDiagnostic, miette};
use transport::{Hint, HintSink, LearnerStatus, Moment};

use crate::health_turns::{Change, HealthTurns};
use crate::inbox::Inbox;
use crate::rate::Rate;
use crate::refit_turns::RefitTurns;
use crate::stop::Stop;

/// Steps of a process before the first evaluation, however rare later ones are, so that a session of a minute has an
/// accuracy.
const FIRST: u64 = 10;
/// How often the learner reports.
const REPORT_EVERY: Duration = Duration::from_millis(500);
/// How often in a row the network goes back to one checkpoint.
const MAX_ROLL_BACKS: u32 = 3;

pub struct LearnerLoop<H> {
    learner: Learner,
    inbox: Inbox,
    hints: H,
    stop: Receiver<Stop>,
    checkpoint: PathBuf,
    kept: KeptMoments,
    saved: Option<(String, u64)>,
    /// When the last checkpoint was written, or the first step made.
    saved_at: Option<Instant>,
    /// How often the network went back to its checkpoint since that was written.
    roll_backs: u32,
    /// Steps made by this process.
    made: u64,
    first_step_ns: Option<i64>,
    images: Rate,
    pairs: Rate,
    reported: Option<Instant>,
    refit: Option<RefitTurns>,
    health: Option<HealthTurns>,
}

/// Where what is kept to learn from is written.
#[derive(Default)]
pub struct KeptMoments {
    /// Beside the checkpoint; `None` writes none.
    pub file: Option<PathBuf>,
    /// The names of the rig's cameras, as far as they are known.
    pub rig: Vec<String>,
    /// Why nothing was taken up of what an earlier run kept.
    pub problem: Option<String>,
}

/// Why a run ended normally.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    Stopped(Stop),
    SourceGone,
}

impl<H: HintSink> LearnerLoop<H> {
    pub fn new(learner: Learner, inbox: Inbox, hints: H, stop: Receiver<Stop>, checkpoint: PathBuf) -> Self {
        let now = Instant::now();
        Self {
            learner,
            inbox,
            hints,
            stop,
            checkpoint,
            kept: KeptMoments::default(),
            saved: None,
            saved_at: None,
            roll_backs: 0,
            made: 0,
            first_step_ns: None,
            images: Rate::new(now),
            pairs: Rate::new(now),
            reported: None,
            refit: None,
            health: None,
        }
    }

    /// Also refits the rig's own network.
    pub fn with_refit(self, refit: RefitTurns) -> Self {
        Self { refit: Some(refit), ..self }
    }

    /// Also writes what is kept to learn from with each checkpoint.
    pub fn with_kept(self, kept: KeptMoments) -> Self {
        Self { kept, ..self }
    }

    /// Also watches whether the cameras show the same instants.
    pub fn with_health(self, health: HealthTurns) -> Self {
        Self { health: Some(health), ..self }
    }

    /// Learns until asked to stop or until the source ends, then writes a checkpoint. `connected` is called with each
    /// report; when it changes from true to false, the session is gone.
    pub fn run(&mut self, connected: impl Fn() -> bool) -> miette::Result<End> {
        let mut was_connected = false;
        let end = loop {
            if let Ok(stop) = self.stop.try_recv() {
                break End::Stopped(stop);
            }
            if self.take_waiting()?.is_break() {
                break End::SourceGone;
            }
            if self.report_is_due() {
                let is_connected = connected();
                if was_connected && !is_connected {
                    break End::SourceGone;
                }
                was_connected = is_connected;
                self.report();
            }
            self.watch_health();
            let net = self.learner.served();
            let refitted = self.refit.as_mut().is_some_and(|refit| refit.turn(net));
            let refits_on = self.refit.as_ref().is_some_and(RefitTurns::is_due);
            let stepped = !refits_on && self.learner.ready() && self.learner.is_due() && self.step()?;
            if !(stepped || refitted)
                && let Some(end) = self.wait()?
            {
                break end;
            }
        };
        self.save()?;
        self.report_end();
        Ok(end)
    }

    fn take_waiting(&mut self) -> miette::Result<std::ops::ControlFlow<()>> {
        loop {
            match self.inbox.waiting() {
                Ok(moment) => self.push(moment)?,
                Err(TryRecvError::Empty) => return Ok(std::ops::ControlFlow::Continue(())),
                Err(TryRecvError::Disconnected) => {
                    self.check_inbox()?;
                    return Ok(std::ops::ControlFlow::Break(()));
                }
            }
        }
    }

    fn wait(&mut self) -> miette::Result<Option<End>> {
        select! {
            recv(self.inbox.channel()) -> moment => match moment {
                Ok(moment) => self.push(moment).map(|()| None),
                Err(_) => self.check_inbox().map(|()| Some(End::SourceGone)),
            },
            recv(self.stop) -> stop => Ok(stop.ok().map(End::Stopped)),
            default(REPORT_EVERY) => Ok(None),
        }
    }

    /// The queue of moments was disconnected.
    fn check_inbox(&mut self) -> miette::Result<()> {
        if self.inbox.has_panicked() { Err(miette!("the thread that receives moments panicked")) } else { Ok(()) }
    }

    /// Scores a stretch if one is due, tells what changed, and lets the learner put right what slipped.
    fn watch_health(&mut self) {
        let Some(health) = &mut self.health else { return };
        for event in health.turn() {
            tracing::warn!(kind = event.kind.name(), "{}", event.text);
            if let Err(error) = self.hints.send(&Hint::RigEvent(event)) {
                tracing::warn!("event not sent: {error}");
            }
        }
        if let Some(Change { corrections, known_good_ns }) = health.take_change() {
            self.learner.correct(corrections, known_good_ns);
        }
    }

    fn push(&mut self, moment: Moment) -> miette::Result<()> {
        if let Some(health) = &mut self.health {
            health.push(&moment);
        }
        self.learner.push(moment).into_diagnostic()
    }

    /// Returns false if there are too few moments for a step yet.
    fn step(&mut self) -> miette::Result<bool> {
        let step = match self.learner.step() {
            Err(error @ LearnError::Diverged { .. }) => {
                self.roll_back(error)?;
                return Ok(true);
            }
            step => step.into_diagnostic()?,
        };
        let Some(step) = step else { return Ok(false) };
        let now = Instant::now();
        self.images.add(step.images as u64, now);
        self.pairs.add(step.pairs as u64, now);
        self.made += 1;
        self.first_step_ns.get_or_insert_with(monotonic_now_ns);
        let (steps, recipe) = (self.learner.steps(), self.learner.recipe());
        let checkpoint_due =
            self.saved_at.get_or_insert(now).elapsed() >= Duration::from_secs(recipe.checkpoint.every_s);
        if self.made == FIRST || steps.is_multiple_of(recipe.evaluation.every_steps) {
            let evaluation = self.learner.evaluate().into_diagnostic()?;
            tracing::info!(steps, loss = step.loss, heads = ?step.heads, ?evaluation, "evaluated");
        }
        if checkpoint_due {
            self.save()?;
        }
        Ok(true)
    }

    fn save(&mut self) -> miette::Result<()> {
        let steps = self.learner.steps();
        if steps == 0 || self.saved.as_ref().is_some_and(|(_, at)| *at == steps) {
            return Ok(());
        }
        let version = match self.learner.save(&self.checkpoint) {
            Err(error @ LearnError::Diverged { .. }) => return self.roll_back(error),
            version => version.into_diagnostic()?,
        };
        tracing::info!(steps, version, path = %self.checkpoint.display(), "checkpoint written");
        // Without the file the next run only waits for new moments.
        if let Some(Err(error)) = self.kept.file.as_ref().map(|file| self.learner.save_buffer(file, &self.kept.rig)) {
            tracing::error!("the moments kept to learn from were not written: {error}");
        }
        self.roll_backs = 0;
        self.saved = Some((version, steps));
        self.saved_at = Some(Instant::now());
        Ok(())
    }

    /// Goes back to the checkpoint after the network diverged.
    ///
    /// # Errors
    /// The error itself, if there is no checkpoint yet or going back did not help.
    fn roll_back(&mut self, diverged: LearnError) -> miette::Result<()> {
        if !self.checkpoint.exists() {
            return Err(diverged).into_diagnostic();
        }
        if self.roll_backs == MAX_ROLL_BACKS {
            let path = self.checkpoint.display();
            return Err(diverged).into_diagnostic().wrap_err_with(|| {
                format!("the network went back to {path} {MAX_ROLL_BACKS} times and diverged again")
            });
        }
        self.roll_backs += 1;
        self.learner.roll_back(&self.checkpoint).into_diagnostic()?;
        tracing::warn!("{diverged}; the network is as in {} again", self.checkpoint.display());
        Ok(())
    }

    fn report_is_due(&self) -> bool {
        self.reported.is_none_or(|at| at.elapsed() >= REPORT_EVERY)
    }

    fn report(&mut self) {
        let now = Instant::now();
        let mut status = self.status();
        status.images_per_s = self.images.per_s(now);
        status.pairs_per_s = self.pairs.per_s(now);
        self.send(status);
    }

    /// The last report, about the whole run.
    fn report_end(&mut self) {
        let mut status = self.status();
        status.state = "ended".into();
        status.images_per_s = self.images.mean_per_s();
        status.pairs_per_s = self.pairs.mean_per_s();
        self.send(status);
    }

    fn status(&self) -> LearnerStatus {
        let mut status = self.learner.status();
        (status.moments_received, status.moments_missed) = self.inbox.counts();
        status.first_step_ns = self.first_step_ns;
        status.buffer_problem.clone_from(&self.kept.problem);
        status.refit = self.refit.as_ref().map(RefitTurns::status);
        status.sync_health = self.health.as_ref().map(HealthTurns::status);
        if let Some((version, _)) = &self.saved {
            status.checkpoint = Some(self.checkpoint.display().to_string());
            status.encoder_version = Some(version.clone());
        }
        status
    }

    fn send(&mut self, status: LearnerStatus) {
        self.reported = Some(Instant::now());
        if let Err(e) = self.hints.send(&Hint::Learner(status)) {
            tracing::warn!("status not sent: {e}");
        }
    }
}
