//! The event log of a session: what happened to cameras, triggers, parts and processes.

use std::collections::VecDeque;

use capture::{CameraEvent, CaptureEvent, CaptureEventKind, TriggerEvent};
use crossbeam::channel::{Receiver, Sender, bounded};
use frame::{CameraId, Problem};
use transport::{CameraState, RigEventKind};

use crate::outcome::Part;

/// Events that are held for the report; all are in the log and in the take.
const HELD: usize = 1_000;
/// The newest events, which are held for whoever shows them.
const NEWEST: usize = 8;
/// Events from outside that may wait.
const WAITING: usize = 64;

/// What kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    CameraLost,
    CameraRejoined,
    CameraEnded,
    /// Counter and time disagree on the trigger.
    CameraSlipped,
    CameraRestarted,
    CameraSeesAnotherPlace,
    ClockJumped,
    TriggerStarted,
    TriggerFailed,
    TriggerStopped,
    TriggerResumed,
    PartDied,
    ProcessDied,
    /// Something of the rig's geometry.
    Rig(RigEventKind),
}

impl EventKind {
    /// Its name in takes, on the page and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::CameraLost => "camera-lost",
            Self::CameraRejoined => "camera-rejoined",
            Self::CameraEnded => "camera-ended",
            Self::CameraSlipped => "camera-slipped",
            Self::CameraRestarted => "camera-restarted",
            Self::CameraSeesAnotherPlace => "camera-sees-another-place",
            Self::ClockJumped => "clock-jumped",
            Self::TriggerStarted => "trigger-started",
            Self::TriggerFailed => "trigger-failed",
            Self::TriggerStopped => "trigger-stopped",
            Self::TriggerResumed => "trigger-resumed",
            Self::PartDied => "part-died",
            Self::ProcessDied => "process-died",
            Self::Rig(kind) => kind.name(),
        }
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Seconds since the session began.
    pub at_s: f64,
    pub kind: EventKind,
    pub text: String,
}

/// Tells a session of events outside of it: of processes beside it and of the rig's geometry.
#[derive(Clone)]
pub struct EventSender(Sender<Told>);

/// What is told of an event.
type Told = (EventKind, String);

impl EventSender {
    /// Never blocks. An event that finds no room is in the program's log alone.
    pub fn send(&self, kind: EventKind, text: String) {
        if let Err(error) = self.0.try_send((kind, text)) {
            let (kind, text) = error.into_inner();
            tracing::warn!(kind = kind.name(), text, "too many events at once; this one is not in the event log");
        }
    }
}

/// What happened, and what each camera is doing.
pub struct EventLog {
    names: Vec<String>,
    states: Vec<CameraState>,
    /// What was last told of each camera that failed and is not back.
    told: Vec<Option<Problem>>,
    slips: Vec<u64>,
    texts: Vec<String>,
    newest: VecDeque<Event>,
    dead: Vec<Part>,
    /// By camera, how often it was found to see another place.
    times_moved: Vec<u64>,
    moved: Vec<CameraId>,
    outside: (Sender<Told>, Receiver<Told>),
}

impl EventLog {
    pub(crate) fn new(names: &[String]) -> Self {
        let cameras = names.len();
        Self {
            names: names.to_vec(),
            states: vec![CameraState::Opening; cameras],
            told: vec![None; cameras],
            slips: vec![0; cameras],
            texts: vec![],
            newest: VecDeque::new(),
            dead: vec![],
            times_moved: vec![0; cameras],
            moved: vec![],
            outside: bounded(WAITING),
        }
    }

    /// Takes events from outside the session.
    pub fn sender(&self) -> EventSender {
        EventSender(self.outside.0.clone())
    }

    /// What each camera is doing.
    pub fn camera_states(&self) -> &[CameraState] {
        &self.states
    }

    /// Times that a camera's counter and the time disagreed.
    pub fn slips(&self, camera: usize) -> u64 {
        self.slips[camera]
    }

    /// The newest few events, the last one at the end.
    pub fn newest(&self) -> impl Iterator<Item = &Event> {
        self.newest.iter()
    }

    /// The cameras that were found to see another place since the last look.
    pub fn moved_cameras(&self) -> &[CameraId] {
        &self.moved
    }

    /// Adds a line for the report alone.
    pub fn add_line(&mut self, line: impl Into<String>) {
        if self.texts.len() < HELD {
            self.texts.push(line.into());
        }
    }

    /// The texts of all events, in their order; of very many, the first ones.
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    pub(crate) fn outside(&self) -> Receiver<Told> {
        self.outside.1.clone()
    }

    pub(crate) fn record(&mut self, at_s: f64, kind: EventKind, text: String) {
        if self.newest.len() == NEWEST {
            self.newest.pop_front();
        }
        self.add_line(text.clone());
        self.newest.push_back(Event { at_s, kind, text });
    }

    /// Takes note of an event of the capture; gives what is to be recorded of it.
    pub(crate) fn capture_event(&mut self, event: &CaptureEvent) -> Option<(EventKind, String)> {
        match &event.kind {
            CaptureEventKind::Camera(camera, event) => self.camera_event(camera.index(), event),
            CaptureEventKind::Trigger(event) => self.trigger_event(event),
        }
    }

    fn camera_event(&mut self, camera: usize, event: &CameraEvent) -> Option<(EventKind, String)> {
        let name = self.names[camera].as_str();
        match event {
            CameraEvent::Opened => {
                tracing::info!(camera = name, "opened");
                self.states[camera] = CameraState::Streaming;
                None
            }
            CameraEvent::Back => {
                tracing::warn!(camera = name, "is back");
                self.states[camera] = CameraState::Streaming;
                self.told[camera] = None;
                Some((EventKind::CameraRejoined, format!("{name}: is back")))
            }
            CameraEvent::Failed { problem, retry_in } => {
                tracing::error!(camera = name, error = %problem, ?retry_in, "failed and is tried again; the others go on");
                self.states[camera] = CameraState::Failed(problem.clone());
                // Told once, however often it is tried.
                let new = self.told[camera].replace(problem.clone()).is_none_or(|told| told != *problem);
                new.then(|| (EventKind::CameraLost, format!("{name}: {problem}")))
            }
            CameraEvent::Ended => {
                tracing::warn!(camera = name, "its source is over");
                self.states[camera] = CameraState::Ended;
                Some((EventKind::CameraEnded, format!("{name}: its source is over")))
            }
            CameraEvent::Slipped => {
                tracing::error!(camera = name, "its counter and the time disagree on the trigger");
                self.slips[camera] += 1;
                Some((EventKind::CameraSlipped, format!("{name}: counter and time disagree on the trigger")))
            }
            CameraEvent::ClockJumped => {
                tracing::error!(camera = name, "its clock, or the host's, jumped");
                Some((EventKind::ClockJumped, format!("{name}: its clock, or the host's, jumped")))
            }
            CameraEvent::Restarted => {
                tracing::warn!(camera = name, "its clock began anew");
                Some((EventKind::CameraRestarted, format!("{name}: its clock began anew")))
            }
        }
    }

    fn trigger_event(&mut self, event: &TriggerEvent) -> Option<(EventKind, String)> {
        let (kind, text) = match event {
            TriggerEvent::Started { unarmed } if unarmed.is_empty() => {
                tracing::info!("all cameras are armed; the pulses begin");
                return None;
            }
            TriggerEvent::Started { unarmed } => {
                let unarmed: Vec<_> = unarmed.iter().map(|camera| self.names[camera.index()].as_str()).collect();
                (EventKind::TriggerStarted, format!("the pulses begin without {}", unarmed.join(", ")))
            }
            TriggerEvent::Failed { problem, retry_in } => {
                let text = format!("the trigger failed and is tried again after {retry_in:?}: {problem}");
                (EventKind::TriggerFailed, text)
            }
            TriggerEvent::Stopped => (EventKind::TriggerStopped, "no camera delivers: no pulses come".to_owned()),
            TriggerEvent::Resumed => (EventKind::TriggerResumed, "cameras deliver again".to_owned()),
        };
        tracing::error!("{text}");
        Some((kind, text))
    }

    /// Parts that have died and were not told of.
    pub(crate) fn dead_parts(&mut self, dead: Vec<Part>) -> Vec<(EventKind, String)> {
        let new: Vec<_> = dead.into_iter().filter(|part| !self.dead.contains(part)).collect();
        self.dead.extend(&new);
        let tell = |part: Part| {
            tracing::error!(%part, "has died; cameras and recording go on without it");
            (EventKind::PartDied, format!("the {part} died"))
        };
        new.into_iter().map(tell).collect()
    }

    /// Cameras that were found to see another place, by how often each was.
    pub(crate) fn times_moved(&mut self, times_moved: Vec<u64>) -> Vec<(EventKind, String)> {
        let mut events = vec![];
        self.moved.clear();
        for (camera, times) in times_moved.into_iter().enumerate() {
            // The croppers outlive a trial, and their counts with them.
            if std::mem::replace(&mut self.times_moved[camera], times) < times {
                let text = format!(
                    "{}: most of its picture is another one: it was moved, or the light changed; its background is taken \
                     anew",
                    self.names[camera]
                );
                tracing::warn!("{text}");
                events.push((EventKind::CameraSeesAnotherPlace, text));
                self.moved.push(CameraId(camera as u16));
            }
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_problem_is_told_once_until_the_camera_is_back() {
        let mut log = EventLog::new(&["left".to_owned(), "right".to_owned()]);
        let problem = Problem::with_remedy("the cable is out", "plug it in");
        let failed = CameraEvent::Failed { problem: problem.clone(), retry_in: Some(Duration::from_secs(1)) };
        let told = |log: &mut EventLog, event: &CameraEvent| log.camera_event(1, event).map(|(_, text)| text);
        assert_eq!(told(&mut log, &CameraEvent::Opened), None);
        assert_eq!(told(&mut log, &failed).as_deref(), Some("right: the cable is out; plug it in"));
        assert_eq!(told(&mut log, &failed), None);
        assert_eq!(log.camera_states(), [CameraState::Opening, CameraState::Failed(problem)]);
        assert_eq!(told(&mut log, &CameraEvent::Opened), None, "open, but nothing came yet");
        assert_eq!(told(&mut log, &CameraEvent::Back).as_deref(), Some("right: is back"));
        assert!(told(&mut log, &failed).is_some());
    }

    #[test]
    fn a_camera_is_moved_once_for_each_time_it_is_seen() {
        let mut log = EventLog::new(&["left".to_owned(), "right".to_owned()]);
        assert!(log.times_moved(vec![0, 0]).is_empty());
        assert_eq!(log.times_moved(vec![0, 1]).len(), 1);
        assert_eq!(log.moved_cameras(), [CameraId(1)]);
        assert!(log.times_moved(vec![0, 1]).is_empty() && log.moved_cameras().is_empty());
    }
}
