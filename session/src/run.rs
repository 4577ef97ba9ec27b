//! Runs a session to its end.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver, at, never, select, tick};

use crate::clock_steps::ClockStepDetector;
use crate::event::EventKind;
use crate::part::Part;
use crate::session::Session;

/// How often losses, hosts and parts are checked.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Why a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The caller asked for it.
    Asked,
    /// Its time is over.
    TimeOver,
    /// The caller has seen enough.
    Enough,
    /// Every camera's source ended.
    SourcesOver,
    /// A required part failed.
    Broken(Part),
}

impl Session {
    /// Runs until something ends the session: a message on `stop`, the time `end_at`, the end of all sources, the
    /// failure of a required part, or a break from `each`, which is called a few times a second. The session still
    /// runs afterwards: [`Session::stop`] ends it.
    pub fn run(
        &mut self,
        stop: &Receiver<()>,
        end_at: Option<Instant>,
        mut each: impl FnMut(&mut Self) -> ControlFlow<()>,
    ) -> End {
        let clock = tick(LOOK_EVERY);
        let time_over = end_at.map_or_else(never, at);
        let outside = self.prepared.events.outside();
        let mut clock_steps = ClockStepDetector::new();
        let mut local = self.capture.events().clone();
        let mut remote = self.remote_views.as_ref().map_or_else(never, |views| views.events.clone());
        loop {
            select! {
                recv(stop) -> _ => return End::Asked,
                recv(time_over) -> _ => return End::TimeOver,
                recv(local) -> event => match event {
                    Ok(event) => {
                        let entries = self.prepared.events.capture_event(&event);
                        self.record(entries);
                    }
                    // Every camera thread has ended; the tick below sees it.
                    Err(_) => local = never(),
                },
                recv(remote) -> event => match event {
                    Ok(event) => {
                        let entries = self.prepared.events.capture_event(&event);
                        self.record(entries);
                    }
                    Err(_) => remote = never(),
                },
                recv(outside) -> event => self.record(event.ok()),
                recv(clock) -> _ => {
                    self.look(&mut clock_steps);
                    if each(self).is_break() {
                        return End::Enough;
                    }
                    if let Some(part) = self.broken() {
                        tracing::error!(%part, "failed; the session cannot continue without it");
                        return End::Broken(part);
                    }
                    if self.all_ended() {
                        return End::SourcesOver;
                    }
                }
            }
        }
    }

    /// Periodic checks.
    fn look(&mut self, clock_steps: &mut ClockStepDetector) {
        self.losses.look();
        let scenes = self.scene_events();
        let scenes = self.prepared.events.scenes_mut().take(scenes);
        self.record(scenes);
        let relation = self.prepared.link.tick(self.prepared.events.camera_states());
        if let (Some(recorder), Some(relation)) = (&self.recorder, relation) {
            recorder.relate(relation);
        }
        self.look_at_takes();
        let dead = self.prepared.events.dead_parts(self.dead_parts());
        self.record(dead);
        if let Some(step_ns) = clock_steps.check() {
            let step_s = step_ns as f64 / 1e9;
            let text = format!("the wall clock was set by {step_s:.3} s; frame times are not affected");
            tracing::warn!("{text}");
            self.record([(EventKind::ClockJumped, text)]);
        }
    }

    /// Puts events into the log and into the take.
    pub(crate) fn record(&mut self, events: impl IntoIterator<Item = (EventKind, String)>) {
        let at_s = self.started.elapsed().as_secs_f64();
        for (kind, text) in events {
            if let Some(recorder) = &self.recorder {
                recorder.note(kind.name(), text.clone());
            }
            self.prepared.events.record(at_s, kind, text);
        }
    }
}
