//! The event log of a session: what happened to cameras, triggers, parts and processes.

use std::collections::VecDeque;

use capture::{CameraEvent, CaptureEvent, CaptureEventKind, TriggerEvent};
use crossbeam::channel::{Receiver, Sender, bounded};
use frame::Problem;
use subject::SceneFault;
use transport::{CameraState, RigEventKind};

use crate::part::Part;
use crate::scenes::Scenes;

/// Events kept for the report. The log and the take have all of them.
const HELD: usize = 1_000;
/// Newest events kept for display.
const NEWEST: usize = 8;
/// Capacity of the queue of external events.
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
    /// A camera's pictures cannot be used, since what it sees is not the room whose background was learned.
    Scene(SceneFault),
    /// What it sees is steady again.
    SceneSteady,
    BackgroundLearned,
    ClockJumped,
    TriggerStarted,
    TriggerFailed,
    TriggerStopped,
    TriggerResumed,
    PartDied,
    ProcessDied,
    /// A receiver of poses is absent, or too slow.
    PoseReceiverLost,
    PoseReceiverBack,
    /// A take began while the cameras ran.
    RecordingBegan,
    RecordingEnded,
    /// A take ended that should not have, or could not be closed.
    RecordingFailed,
    /// An event of the rig's geometry.
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
            Self::Scene(fault) => fault.name(),
            Self::SceneSteady => "scene-steady",
            Self::BackgroundLearned => "background-learned",
            Self::ClockJumped => "clock-jumped",
            Self::TriggerStarted => "trigger-started",
            Self::TriggerFailed => "trigger-failed",
            Self::TriggerStopped => "trigger-stopped",
            Self::TriggerResumed => "trigger-resumed",
            Self::PartDied => "part-died",
            Self::ProcessDied => "process-died",
            Self::PoseReceiverLost => "pose-receiver-lost",
            Self::PoseReceiverBack => "pose-receiver-back",
            Self::RecordingBegan => "recording-began",
            Self::RecordingEnded => "recording-ended",
            Self::RecordingFailed => "recording-failed",
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

/// Reports external events to a session: from child processes and from the rig's geometry.
#[derive(Clone)]
pub struct EventSender(Sender<Told>);

/// Kind and text of an external event.
type Told = (EventKind, String);

impl EventSender {
    /// Never blocks. If the queue is full, the event goes to the program's log only.
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
    /// The last reported problem of each camera that failed and has not recovered.
    reported: Vec<Option<Problem>>,
    slips: Vec<u64>,
    texts: Vec<String>,
    newest: VecDeque<Event>,
    dead: Vec<Part>,
    scenes: Scenes,
    outside: (Sender<Told>, Receiver<Told>),
}

impl EventLog {
    pub(crate) fn new(names: &[String]) -> Self {
        let cameras = names.len();
        Self {
            names: names.to_vec(),
            states: vec![CameraState::Opening; cameras],
            reported: vec![None; cameras],
            slips: vec![0; cameras],
            texts: vec![],
            newest: VecDeque::new(),
            dead: vec![],
            scenes: Scenes::new(names),
            outside: bounded(WAITING),
        }
    }

    /// A sender for external events.
    pub fn sender(&self) -> EventSender {
        EventSender(self.outside.0.clone())
    }

    /// What each camera is doing.
    pub fn camera_states(&self) -> &[CameraState] {
        &self.states
    }

    /// How often a camera's counter and its timestamps disagreed on the trigger.
    pub fn slips(&self, camera: usize) -> u64 {
        self.slips[camera]
    }

    /// The newest few events, the last one at the end.
    pub fn newest(&self) -> impl Iterator<Item = &Event> {
        self.newest.iter()
    }

    /// Why each camera's pictures cannot be used, and which cameras were moved.
    pub fn scenes(&self) -> &Scenes {
        &self.scenes
    }

    pub(crate) fn scenes_mut(&mut self) -> &mut Scenes {
        &mut self.scenes
    }

    /// Adds a line to the report only.
    pub fn add_line(&mut self, line: impl Into<String>) {
        if self.texts.len() < HELD {
            self.texts.push(line.into());
        }
    }

    /// The texts of all events in order; at most the first 1000.
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

    /// Handles a capture event and returns what to record of it.
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
                self.reported[camera] = None;
                Some((EventKind::CameraRejoined, format!("{name}: is back")))
            }
            CameraEvent::Failed { problem, retry_in } => {
                tracing::error!(camera = name, error = %problem, ?retry_in, "failed and will be retried");
                self.states[camera] = CameraState::Failed(problem.clone());
                // Reported once, however often opening is retried.
                let new = self.reported[camera].replace(problem.clone()).is_none_or(|before| before != *problem);
                new.then(|| (EventKind::CameraLost, format!("{name}: {problem}")))
            }
            CameraEvent::Ended => {
                tracing::warn!(camera = name, "its source ended");
                self.states[camera] = CameraState::Ended;
                Some((EventKind::CameraEnded, format!("{name}: its source ended")))
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
                tracing::warn!(camera = name, "its clock restarted");
                Some((EventKind::CameraRestarted, format!("{name}: its clock restarted")))
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
                let text = format!("the trigger failed and will be retried in {retry_in:?}: {problem}");
                (EventKind::TriggerFailed, text)
            }
            TriggerEvent::Stopped => (EventKind::TriggerStopped, "no camera delivers: no pulses arrive".to_owned()),
            TriggerEvent::Resumed => (EventKind::TriggerResumed, "cameras deliver again".to_owned()),
        };
        tracing::error!("{text}");
        Some((kind, text))
    }

    /// Parts that died and were not reported yet.
    pub(crate) fn dead_parts(&mut self, dead: Vec<Part>) -> Vec<(EventKind, String)> {
        let new: Vec<_> = dead.into_iter().filter(|part| !self.dead.contains(part)).collect();
        self.dead.extend(&new);
        let tell = |part: Part| {
            tracing::error!(%part, "died; cameras and recording continue without it");
            (EventKind::PartDied, format!("the {part} died"))
        };
        new.into_iter().map(tell).collect()
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
        let text = |log: &mut EventLog, event: &CameraEvent| log.camera_event(1, event).map(|(_, text)| text);
        assert_eq!(text(&mut log, &CameraEvent::Opened), None);
        assert_eq!(text(&mut log, &failed).as_deref(), Some("right: the cable is out; plug it in"));
        assert_eq!(text(&mut log, &failed), None);
        assert_eq!(log.camera_states(), [CameraState::Opening, CameraState::Failed(problem)]);
        assert_eq!(text(&mut log, &CameraEvent::Opened), None, "open, but nothing came yet");
        assert_eq!(text(&mut log, &CameraEvent::Back).as_deref(), Some("right: is back"));
        assert!(text(&mut log, &failed).is_some());
    }
}
