//! A running session: cameras, recorder, crops, frame sets, previews.

pub mod latency;
mod losses;
pub mod moments;
pub mod picture_plan;
pub mod preview;
pub mod recorder;
pub mod sets;
pub mod subjects;
pub mod vitals;

use std::cell::RefCell;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use capture::{CameraSpec, Capture, CaptureError, CaptureEvent, CaptureOptions, FrameConsumer, Health, Pulses};
use crossbeam::channel::{Receiver, bounded};
use frame::{CameraId, LossLedger, SegmentId};
use subject::SubjectCropper;
use take::TakeError;
use thiserror::Error;
use transport::TransportError;

use crate::hosts::{self, Part};
use crate::page::PageState;
use latency::Latency;
use losses::LossWatch;
use moments::{SetStatistics, Sinks};
use picture_plan::PicturePlan;
use recorder::{Recorder, RecorderTap, RecordingCounters};
use sets::Matching;
use subjects::SubjectWorkers;
use vitals::Vitals;

/// Buffers beyond the consumers' quotas: in the ring, at the router and with the driver.
const IN_FLIGHT_BUFFERS: usize = 20;
/// Views that may wait for the assembler.
const WAITING_VIEWS: usize = 256;
/// A driver's call that takes longer is left behind.
const STOP_DEADLINE: Duration = Duration::from_secs(5);

/// Buffers in each camera's pool: the quotas of all consumers, of which the recorder's is given, and what is in flight.
pub fn pool_buffers(recorder: usize) -> usize {
    recorder + subjects::SUBJECT_BUFFERS + preview::PREVIEW_BUFFERS + IN_FLIGHT_BUFFERS
}

const CROPPERS: &str = "croppers";
const ASSEMBLER: &str = "assembler";
const PREVIEW: &str = "preview";

#[derive(Debug, Error)]
pub enum SessionError {
    #[error(transparent)]
    Capture(#[from] CaptureError),
    #[error("cannot start a thread: {0}")]
    Thread(#[from] io::Error),
    #[error(transparent)]
    Take(#[from] TakeError),
    #[error(transparent)]
    Link(#[from] TransportError),
    #[error("the {0} thread panicked")]
    Panicked(&'static str),
}

/// What a session is made of.
pub struct Setup {
    pub cameras: Vec<CameraSpec>,
    pub pulses: Pulses,
    pub matching: Matching,
    pub first_segment: SegmentId,
    /// One for each camera that is attached here; none when nothing is learned or inferred, and no other host has cameras.
    pub croppers: Vec<SubjectCropper>,
    /// Hash of the croppers' preprocessing.
    pub preprocessing: u64,
    pub sinks: Sinks,
    /// Which frames become pictures for the finder of joints.
    pub plan: PicturePlan,
    pub ledgers: Vec<LossLedger>,
    pub recorder: Option<(Recorder, RecorderTap)>,
    pub page: Option<PageState>,
    /// This host's part in a rig of several.
    pub part: Part,
}

pub struct Session {
    capture: Capture,
    workers: Option<SubjectWorkers>,
    assembler: Option<JoinHandle<Sinks>>,
    preview: Option<JoinHandle<()>>,
    pub recorder: Option<Recorder>,
    pub ledgers: Vec<LossLedger>,
    pub sets: SetStatistics,
    pub vitals: Vitals,
    /// How long a frame's crop takes.
    pub crop_work: Latency,
    pub started: Instant,
    losses: RefCell<LossWatch>,
    part: RefCell<Part>,
}

/// What outlives a session.
pub struct Remains {
    pub croppers: Vec<SubjectCropper>,
    pub sinks: Sinks,
    /// What did not end well; the session's numbers stand all the same.
    pub errors: Vec<SessionError>,
    pub ledgers: Vec<LossLedger>,
    pub sets: SetStatistics,
    pub crop_work: Latency,
    /// Folder of the take, and how much is in it.
    pub recording: Option<(PathBuf, RecordingCounters)>,
    pub wall_s: f64,
}

impl Session {
    pub fn start(setup: Setup) -> Result<Self, SessionError> {
        let Setup { cameras, pulses, matching, first_segment, mut part, .. } = setup;
        let Setup { croppers, preprocessing, sinks, plan, ledgers, recorder, page, .. } = setup;
        let vitals = Vitals::new(cameras.len());
        let watched = cameras.iter().map(|camera| camera.name.clone()).zip(ledgers.iter().cloned()).collect();
        let losses = RefCell::new(LossWatch::new(watched));
        let mut consumers: Vec<Box<dyn FrameConsumer>> = vec![Box::new(vitals.clone())];
        let recorder = recorder.map(|(recorder, tap)| {
            consumers.push(Box::new(tap));
            recorder
        });
        let (sets, crop_work) = (SetStatistics::default(), Latency::default());
        let (mut workers, mut assembler) = (None, None);
        let own = croppers.len();
        if !croppers.is_empty() {
            let (views, views_in) = bounded(WAITING_VIEWS);
            let (started, tap) = SubjectWorkers::start(croppers, &ledgers, views, &crop_work, &plan)?;
            consumers.push(Box::new(tap));
            workers = Some(started);
            let sender = match &mut part {
                Part::Alone => None,
                Part::First(first) => {
                    first.pass_on_promises(&plan);
                    None
                }
                Part::Other(other) => {
                    other.follow_promises(&plan)?;
                    other.sender(&ledgers)
                }
            };
            assembler = Some(match sender {
                Some((link, out)) => hosts::start_sender(views_in, &ledgers, link, out)?,
                None => moments::start(views_in, matching, &ledgers, preprocessing, sinks, sets.clone())?,
            });
        }
        let preview = match page {
            Some(page) => {
                let (thread, tap) = preview::start(page, own, cameras.len())?;
                consumers.push(Box::new(tap));
                Some(thread)
            }
            None => None,
        };
        let capture = Capture::start(cameras, &ledgers, consumers, CaptureOptions { pulses, first_segment })?;
        if let Part::First(first) = &part {
            first.pass_on(capture.pulses());
        }
        let started = Instant::now();
        Ok(Self {
            capture,
            workers,
            assembler,
            preview,
            recorder,
            ledgers,
            sets,
            vitals,
            crop_work,
            started,
            losses,
            part: RefCell::new(part),
        })
    }

    pub fn events(&self) -> &Receiver<CaptureEvent> {
        self.capture.events()
    }

    /// What a camera's device last told of itself.
    pub fn health(&self, camera: usize) -> Arc<Health> {
        self.capture.health(CameraId(camera as u16))
    }

    pub fn all_ended(&self) -> bool {
        self.capture.all_ended()
    }

    /// Names the part without which nothing can go on, if it is gone.
    pub fn broken(&self) -> Option<&'static str> {
        if self.capture.router_is_dead() && !self.capture.all_ended() {
            return Some("router");
        }
        self.recorder.as_ref().is_some_and(Recorder::is_dead).then_some("recorder")
    }

    /// Parts that have died and that the rest goes on without.
    pub fn dead_parts(&self) -> Vec<&'static str> {
        let ended = [
            (CROPPERS, self.workers.as_ref().is_some_and(SubjectWorkers::any_ended)),
            (ASSEMBLER, self.assembler.as_ref().is_some_and(JoinHandle::is_finished)),
            (PREVIEW, self.preview.as_ref().is_some_and(JoinHandle::is_finished)),
        ];
        // Looked at afterwards: in an orderly end the close comes first, and these end because of it.
        if self.workers.as_ref().is_none_or(SubjectWorkers::is_closing) {
            return vec![];
        }
        ended.into_iter().filter_map(|(part, ended)| ended.then_some(part)).collect()
    }

    /// Logs what was lost since the last look.
    pub fn look_for_losses(&self) {
        self.losses.borrow_mut().look();
    }

    /// Keeps the other hosts up to date, by the states of the cameras, and the take about the clocks.
    pub fn keep_hosts(&self, states: &[String]) {
        let relation = self.part.borrow_mut().tick(states);
        if let (Some(recorder), Some(relation)) = (&self.recorder, relation) {
            recorder.relate(relation);
        }
    }

    /// By camera, how often it was found to see another place. Cameras of other hosts are not in it.
    pub fn times_moved(&self) -> Vec<u64> {
        self.workers.as_ref().map_or_else(Vec::new, |workers| workers.times_moved().collect())
    }

    pub fn take_background(&self) {
        if let Some(workers) = &self.workers {
            workers.take_background();
        }
    }

    /// Stops the sources, lets every frame that was taken reach its end, and closes the recording.
    pub fn stop(self) -> Remains {
        let mut errors = vec![];
        let wall_s = self.started.elapsed().as_secs_f64();
        let recording = self.recorder.as_ref().map(|r| (r.directory().to_owned(), r.counters()));
        if let Part::First(first) = &*self.part.borrow() {
            first.close();
        }
        // With the router the consumers go, and with them the inputs of everything behind.
        if let Err(error) = self.capture.stop(STOP_DEADLINE) {
            errors.push(error.into());
        }
        if let Some(recorder) = self.recorder
            && let Err(error) = recorder.finish()
        {
            errors.push(error.into());
        }
        let (croppers, panicked) = self.workers.map(SubjectWorkers::finish).unwrap_or_default();
        if panicked > 0 {
            errors.push(SessionError::Panicked(CROPPERS));
        }
        let sinks = match self.assembler.map(JoinHandle::join) {
            Some(Ok(sinks)) => sinks,
            Some(Err(_)) => {
                errors.push(SessionError::Panicked(ASSEMBLER));
                Sinks::none()
            }
            None => Sinks::none(),
        };
        if let Some(Err(_)) = self.preview.map(JoinHandle::join) {
            errors.push(SessionError::Panicked(PREVIEW));
        }
        self.losses.borrow_mut().look();
        let (ledgers, sets, crop_work) = (self.ledgers, self.sets, self.crop_work);
        Remains { croppers, sinks, errors, ledgers, sets, crop_work, recording, wall_s }
    }
}
