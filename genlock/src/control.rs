//! What drives a session from outside: signals, the clock, cameras and processes that fail.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use capture::{CameraEvent, CaptureEvent, CaptureEventKind, TriggerEvent};
use crossbeam::channel::{Receiver, Sender, at, bounded, never, select, tick};
use frame::CameraId;
use miette::IntoDiagnostic;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use transport::RigEvent;

use crate::children::ChildDied;
use crate::page::EventView;
use crate::session::Session;
use crate::wall_clock::WallClock;

/// How often page and report are brought up to date.
const STATUS_EVERY: Duration = Duration::from_millis(250);
/// Happenings that the report holds; all are in the log and in the take.
const LOGGED: usize = 1_000;
/// Happenings that the page shows.
const SHOWN: usize = 8;

/// The state of a camera that is open.
pub const STREAMING: &str = "streaming";
/// How the state of a camera that is gone begins.
pub const FAILED: &str = "failed: ";

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
    /// What was last said of each camera that failed and is not back.
    failures: Vec<Option<String>>,
    /// Times that counter and time disagreed, by camera.
    pub slips: Vec<u64>,
    /// The last few, for the page.
    pub latest: VecDeque<EventView>,
    /// Parts whose death was told.
    dead: Vec<&'static str>,
    /// What inference tells of the rig.
    rig_events: Receiver<RigEvent>,
    pub rig_events_sender: Sender<RigEvent>,
    /// By camera, how often it was found to see another place.
    times_moved: Vec<u64>,
    /// Cameras that were found to see another place since the last look.
    pub moved: Vec<usize>,
}

impl Happenings {
    pub fn new(cameras: usize) -> Self {
        let (died_sender, died) = bounded(64);
        let (rig_events_sender, rig_events) = bounded(64);
        Self {
            died,
            died_sender,
            log: vec![],
            cameras: vec!["opening".into(); cameras],
            failures: vec![None; cameras],
            slips: vec![0; cameras],
            latest: VecDeque::new(),
            dead: vec![],
            rig_events,
            rig_events_sender,
            times_moved: vec![0; cameras],
            moved: vec![],
        }
    }

    fn happened(&mut self, session: &Session, names: &[String], event: &CaptureEvent) {
        match &event.kind {
            CaptureEventKind::Camera(camera, event) => self.camera(session, names, *camera, event),
            CaptureEventKind::Trigger(event) => self.trigger(session, names, event),
        }
    }

    fn camera(&mut self, session: &Session, names: &[String], camera: CameraId, event: &CameraEvent) {
        let name = &names[camera.index()];
        let before = self.cameras[camera.index()].clone();
        let (state, said) = match event {
            CameraEvent::Opened => {
                tracing::info!(camera = name, "opened");
                (STREAMING.to_owned(), None)
            }
            CameraEvent::Back => {
                tracing::warn!(camera = name, "is back");
                self.failures[camera.index()] = None;
                (STREAMING.to_owned(), Some(("camera-rejoined", format!("{name}: is back"))))
            }
            CameraEvent::Failed { error, retry_in } => {
                tracing::error!(camera = name, error, ?retry_in, "failed and is tried again; the others go on");
                // Said once, however often it is tried.
                let new = self.failures[camera.index()].replace(error.clone()).is_none_or(|known| known != *error);
                (format!("{FAILED}{error}"), new.then(|| ("camera-lost", format!("{name}: {error}"))))
            }
            CameraEvent::Ended => {
                tracing::warn!(camera = name, "its source is over");
                ("ended".to_owned(), Some(("camera-ended", format!("{name}: its source is over"))))
            }
            CameraEvent::Slipped => {
                self.slips[camera.index()] += 1;
                tracing::error!(camera = name, "its counter and the time disagree on the trigger");
                let said = format!("{name}: counter and time disagree on the trigger");
                (before, Some(("camera-slipped", said)))
            }
            CameraEvent::ClockJumped => {
                tracing::error!(camera = name, "its clock, or the host's, jumped");
                let said = format!("{name}: its clock, or the host's, jumped");
                (before, Some(("clock-jumped", said)))
            }
            CameraEvent::Restarted => {
                tracing::warn!(camera = name, "its clock began anew");
                let said = format!("{name}: its clock began anew");
                (before, Some(("camera-restarted", said)))
            }
        };
        self.cameras[camera.index()] = state;
        if let Some((kind, text)) = said {
            self.note(session, kind, text);
        }
    }

    fn trigger(&mut self, session: &Session, names: &[String], event: &TriggerEvent) {
        let (kind, said) = match event {
            TriggerEvent::Started { unarmed } if unarmed.is_empty() => {
                tracing::info!("all cameras are armed; the pulses begin");
                return;
            }
            TriggerEvent::Started { unarmed } => {
                let unarmed: Vec<_> = unarmed.iter().map(|camera| names[camera.index()].as_str()).collect();
                ("trigger-started", format!("the pulses begin without {}", unarmed.join(", ")))
            }
            TriggerEvent::Failed { error, retry_in } => {
                ("trigger-failed", format!("the trigger failed and is tried again after {retry_in:?}: {error}"))
            }
            TriggerEvent::Stopped => ("trigger-stopped", "no camera delivers: no pulses come".to_owned()),
            TriggerEvent::Resumed => ("trigger-resumed", "cameras deliver again".to_owned()),
        };
        tracing::error!("{said}");
        self.note(session, kind, said);
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

    fn moved(&mut self, session: &Session, names: &[String]) {
        self.moved.clear();
        for (camera, times) in session.times_moved().into_iter().enumerate() {
            // The croppers outlive the trial of the rate, and their counts with them.
            if std::mem::replace(&mut self.times_moved[camera], times) < times {
                let text = format!(
                    "{}: most of its picture is another one: it was moved, or the light changed; its background is taken \
                     anew",
                    names[camera]
                );
                tracing::warn!("{text}");
                self.note(session, "camera-sees-another-place", text);
                self.moved.push(camera);
            }
        }
    }

    fn note(&mut self, session: &Session, kind: &str, text: String) {
        if let Some(recorder) = &session.recorder {
            recorder.note(kind, text.clone());
        }
        if self.latest.len() == SHOWN {
            self.latest.pop_front();
        }
        let at_s = session.started.elapsed().as_secs_f64();
        self.latest.push_back(EventView { at_s, kind: kind.to_owned(), text: text.clone() });
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
    let rig_events = happenings.rig_events.clone();
    let mut wall_clock = WallClock::new();
    let mut camera_events = session.events().clone();
    loop {
        select! {
            recv(stop) -> _ => return End::Asked,
            recv(time_over) -> _ => return End::TimeOver,
            recv(camera_events) -> event => match event {
                Ok(event) => happenings.happened(session, names, &event),
                // Every camera thread has ended; the tick below sees it.
                Err(_) => camera_events = never(),
            },
            recv(died) -> death => if let Ok(death) = death {
                let text = format!("{} ended ({}) and is started again after {:?}", death.name, death.how, death.retry_in);
                happenings.note(session, "process-died", text);
            },
            recv(rig_events) -> event => if let Ok(RigEvent { kind, text }) = event {
                happenings.note(session, kind.name(), text);
            },
            recv(clock) -> _ => {
                session.look_for_losses();
                happenings.moved(session, names);
                session.keep_hosts(&happenings.cameras);
                happenings.parts(session);
                if let Some(step_ns) = wall_clock.look() {
                    let text = format!("the wall clock was set by {:.3} s; times of frames go on unbroken", step_ns as f64 / 1e9);
                    tracing::warn!("{text}");
                    happenings.note(session, "clock-jumped", text);
                }
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
