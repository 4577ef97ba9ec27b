//! What drives a session from outside: signals, the clock, cameras and processes that fail.

use std::time::{Duration, Instant};

use capture::{CameraEvent, CameraEventKind};
use crossbeam::channel::{Receiver, Sender, at, bounded, never, select, tick};
use miette::IntoDiagnostic;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use crate::children::ChildDied;
use crate::session::Session;

/// How often page and report are brought up to date.
const STATUS_EVERY: Duration = Duration::from_millis(250);
/// Happenings that the report holds; all are in the log and in the take.
const LOGGED: usize = 1_000;

/// Why a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Asked,
    TimeOver,
    SourcesOver,
    /// A part without which nothing can go on.
    Broken(&'static str),
}

/// The first Ctrl-C or SIGTERM ends the session in order; the second leaves at once.
pub fn on_signals(runtime: &Runtime) -> miette::Result<Receiver<()>> {
    let (asked, stop) = bounded(1);
    let _guard = runtime.enter();
    let mut interrupt = signal(SignalKind::interrupt()).into_diagnostic()?;
    let mut terminate = signal(SignalKind::terminate()).into_diagnostic()?;
    runtime.spawn(async move {
        let mut again = false;
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if std::mem::replace(&mut again, true) {
                std::process::exit(130);
            }
            // Room for one, and this is the first.
            let _ = asked.try_send(());
        }
    });
    Ok(stop)
}

/// What happened to cameras and processes, for the report, the take and the page.
pub struct Happenings {
    pub died: Receiver<ChildDied>,
    pub died_sender: Sender<ChildDied>,
    pub log: Vec<String>,
    /// Camera states by name for the page.
    pub cameras: Vec<String>,
    /// Parts whose death was told.
    dead: Vec<&'static str>,
}

impl Happenings {
    pub fn new(cameras: usize) -> Self {
        let (died_sender, died) = bounded(64);
        Self { died, died_sender, log: vec![], cameras: vec!["opening".into(); cameras], dead: vec![] }
    }

    fn camera(&mut self, session: &Session, names: &[String], event: &CameraEvent) {
        let name = &names[event.camera.index()];
        let (state, said) = match &event.kind {
            CameraEventKind::Opened => {
                tracing::info!(camera = name, "opened");
                ("streaming".to_owned(), None)
            }
            CameraEventKind::Failed { error, retry_in } => {
                tracing::error!(camera = name, error, ?retry_in, "failed and is tried again; the others go on");
                (format!("failed: {error}"), Some(("camera-failed", format!("{name}: {error}"))))
            }
            CameraEventKind::Ended => {
                tracing::warn!(camera = name, "its source is over");
                ("ended".to_owned(), Some(("camera-ended", format!("{name}: its source is over"))))
            }
            CameraEventKind::TriggerDisagreement => {
                tracing::error!(camera = name, "its counter and the time disagree on the trigger");
                (
                    self.cameras[event.camera.index()].clone(),
                    Some(("trigger-disagreement", format!("{name}: counter and time disagree on the trigger"))),
                )
            }
        };
        self.cameras[event.camera.index()] = state;
        if let Some((kind, text)) = said {
            self.note(session, kind, text);
        }
    }

    fn parts(&mut self, session: &Session) {
        for part in session.dead_parts() {
            if !self.dead.contains(&part) {
                self.dead.push(part);
                tracing::error!(part, "has died; cameras and recording go on without it");
                self.note(session, "part-died", format!("the {part} died"));
            }
        }
    }

    fn note(&mut self, session: &Session, kind: &'static str, text: String) {
        if let Some(recorder) = &session.recorder {
            recorder.note(kind, text.clone());
        }
        if self.log.len() < LOGGED {
            self.log.push(text);
        }
    }
}

/// Runs until something ends the session. `each` is called a few times a second; `true` ends as if the time were
/// over.
pub fn run(
    session: &Session,
    names: &[String],
    stop: &Receiver<()>,
    end_at: Option<Instant>,
    happenings: &mut Happenings,
    mut each: impl FnMut(&Session, &Happenings) -> bool,
) -> End {
    let clock = tick(STATUS_EVERY);
    let time_over = end_at.map_or_else(never, at);
    let died = happenings.died.clone();
    let mut camera_events = session.events().clone();
    loop {
        select! {
            recv(stop) -> _ => return End::Asked,
            recv(time_over) -> _ => return End::TimeOver,
            recv(camera_events) -> event => match event {
                Ok(event) => happenings.camera(session, names, &event),
                // Every camera thread has ended; the tick below sees it.
                Err(_) => camera_events = never(),
            },
            recv(died) -> death => if let Ok(death) = death {
                let text = format!("{} ended ({}) and is started again after {:?}", death.name, death.how, death.retry_in);
                happenings.note(session, "process-died", text);
            },
            recv(clock) -> _ => {
                session.look_for_losses();
                happenings.parts(session);
                if each(session, happenings) {
                    return End::TimeOver;
                }
                if let Some(part) = session.broken() {
                    tracing::error!(part, "is gone; nothing can go on without it");
                    return End::Broken(part);
                }
                if session.all_ended() {
                    return End::SourcesOver;
                }
            }
        }
    }
}
