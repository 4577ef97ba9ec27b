//! A running session.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use capture::{CameraSpec, Capture, CaptureError, CaptureOptions, FrameConsumer, Health, Pulses};
use crossbeam::channel::bounded;
use frame::{CameraId, LossLedger};
use subject::SceneEvent;

use crate::error::SessionError;
use crate::event::EventLog;
use crate::hosts::{HostLink, Listeners, RemoteViews};
use crate::outcome::Outcome;
use crate::part::Part;
use crate::plan::Prepared;
use crate::recorder::{Recorder, RecorderTap, TapSwitch};
use crate::sets::assembler::{self, SetStatistics, Sinks};
use crate::statistics::latency::Latency;
use crate::statistics::losses::LossWatch;
use crate::statistics::vitals::Vitals;
use crate::takes::Takes;
use crate::views::local::LocalViews;
use crate::views::preview::{self, ViewPreviews};

/// Capacity of the queue of views for the assembler.
const WAITING_VIEWS: usize = 256;
/// Camera threads that a driver's call blocks for longer are abandoned.
const STOP_DEADLINE: Duration = Duration::from_secs(5);

/// Parts that are made at the start and owned by the session.
pub(crate) struct Parts {
    pub cameras: Vec<CameraSpec>,
    pub pulses: Pulses,
    pub epoch: Option<u32>,
    pub ledgers: Vec<LossLedger>,
    pub recorder: Option<Recorder>,
    pub tap: RecorderTap,
    pub switch: TapSwitch,
    pub sinks: Sinks,
}

/// Running cameras, and everything that processes their frames.
pub struct Session {
    pub(crate) prepared: Prepared,
    pub(crate) capture: Capture,
    local_views: Option<LocalViews>,
    pub(crate) remote_views: Option<RemoteViews>,
    assembler: Option<JoinHandle<Sinks>>,
    preview: Option<JoinHandle<()>>,
    pub(crate) losses: LossWatch,
    /// The take that is being recorded.
    pub recorder: Option<Recorder>,
    pub(crate) takes: Takes,
    /// The accounts of each camera.
    pub ledgers: Vec<LossLedger>,
    pub sets: SetStatistics,
    pub vitals: Vitals,
    /// How long a frame's crop takes.
    pub crop_work: Latency,
    pub started: Instant,
}

impl Session {
    pub(crate) fn start(mut prepared: Prepared, parts: Parts) -> Result<Self, SessionError> {
        let Parts { cameras, pulses, epoch, ledgers, recorder, tap, switch, sinks } = parts;
        let (all, local) = (prepared.names.len(), prepared.local_cameras());
        let vitals = Vitals::new(all);
        let losses = LossWatch::new(prepared.names.iter().cloned().zip(ledgers.iter().cloned()).collect());
        let mut consumers: Vec<Box<dyn FrameConsumer>> = vec![Box::new(vitals.clone()), Box::new(tap)];
        let (sets, crop_work) = (SetStatistics::default(), Latency::default());
        let (views, views_in) = bounded(WAITING_VIEWS);
        let croppers = std::mem::take(&mut prepared.croppers);
        let (mut local_views, mut assembler) = (None, None);
        if !croppers.is_empty() {
            let (started, tap) = LocalViews::start(croppers, &ledgers, views.clone(), &crop_work, &prepared.pictures)?;
            consumers.push(Box::new(tap));
            local_views = Some(started);
        }
        if let HostLink::Peer(peer) = &mut prepared.link {
            peer.follow_promises(&prepared.pictures)?;
            assembler = Some(peer.start_sender(views_in, &ledgers)?);
        } else if local_views.is_some() || matches!(prepared.link, HostLink::First(_)) {
            let (matching, hash) = (prepared.rig.matching(), prepared.preprocessing);
            assembler = Some(assembler::start(views_in, matching, &ledgers, hash, sinks, sets.clone())?);
        }
        let preview = match prepared.page.clone().filter(|_| local > 0) {
            Some(page) => {
                let (thread, tap) = preview::start(page, local)?;
                consumers.push(Box::new(tap));
                Some(thread)
            }
            None => None,
        };
        let options = CaptureOptions { pulses, epoch, remote_cameras: all - local };
        let capture = Capture::start(cameras, &ledgers, consumers, options)?;
        let remote_views = match &mut prepared.link {
            HostLink::First(first) => {
                first.pass_on(capture.pulses());
                first.pass_on_promises(&prepared.pictures);
                let previews = prepared.page.clone().map(|page| ViewPreviews::new(page, all));
                let pictures = prepared.pictures.clone();
                let listeners = Listeners { pictures, vitals: vitals.clone(), previews };
                first.take_views(capture.remote_cameras(), &ledgers, listeners, views)?
            }
            HostLink::None | HostLink::Peer(_) => None,
        };
        Ok(Self {
            prepared,
            capture,
            local_views,
            remote_views,
            assembler,
            preview,
            losses,
            recorder,
            takes: Takes::new(switch),
            ledgers,
            sets,
            vitals,
            crop_work,
            started: Instant::now(),
        })
    }

    /// All cameras' names, this host's first.
    pub fn camera_names(&self) -> &[String] {
        self.prepared.camera_names()
    }

    /// Pulses a second.
    pub fn rate_hz(&self) -> f64 {
        self.prepared.rate_hz()
    }

    /// The events so far, and the states of the cameras.
    pub fn events(&self) -> &EventLog {
        &self.prepared.events
    }

    /// The last health report of a camera's device.
    pub fn health(&self, camera: usize) -> Arc<Health> {
        self.capture.health(CameraId(camera as u16))
    }

    /// True once every camera's source ended.
    pub fn all_ended(&self) -> bool {
        self.remote_views.is_none() && self.capture.all_ended()
    }

    /// The required part that failed, if any.
    pub fn broken(&self) -> Option<Part> {
        if self.capture.router_is_dead() && !self.capture.all_ended() {
            return Some(Part::Router);
        }
        self.recorder.as_ref().is_some_and(Recorder::is_dead).then_some(Part::Recorder)
    }

    /// Failed parts that the session can continue without.
    pub fn dead_parts(&self) -> Vec<Part> {
        let ended = [
            (Part::Croppers, self.local_views.as_ref().is_some_and(LocalViews::any_ended)),
            (Part::Views, self.remote_views.as_ref().is_some_and(RemoteViews::is_finished)),
            (Part::Assembler, self.assembler.as_ref().is_some_and(JoinHandle::is_finished)),
            (Part::Preview, self.preview.as_ref().is_some_and(JoinHandle::is_finished)),
        ];
        // Checked last: in an orderly shutdown the close comes first, and these threads end because of it.
        if self.local_views.as_ref().is_some_and(LocalViews::is_closing) {
            return vec![];
        }
        ended.into_iter().filter_map(|(part, ended)| ended.then_some(part)).collect()
    }

    /// For each camera of this host, what happened to its scene since the last call.
    pub(crate) fn scene_events(&self) -> Vec<Vec<SceneEvent>> {
        self.local_views.as_ref().map_or_else(Vec::new, |views| views.scene_events().collect())
    }

    /// Learns the background of every camera of this host again, from the stage, which must be empty now.
    pub fn take_background(&self) {
        if let Some(views) = &self.local_views {
            views.take_background();
        }
    }

    /// Stops the sources, processes all frames that were captured, and closes the recording.
    pub fn stop(self) -> Outcome {
        let Self { mut prepared, mut losses, ledgers, sets, crop_work, .. } = self;
        let mut errors = vec![];
        let wall_s = self.started.elapsed().as_secs_f64();
        let mut takes = self.takes;
        if let HostLink::First(first) = &prepared.link {
            first.close();
        }
        // The router drops the consumers, which closes the inputs of all later stages.
        if let Err(error) = self.capture.stop(STOP_DEADLINE) {
            let router_runs = matches!(error, CaptureError::Abandoned { router_runs: true, .. });
            errors.push(error.into());
            if router_runs {
                // What is behind the router never sees its input closed, so it cannot be waited for.
                losses.look();
                prepared.trial = None;
                let (sinks, takes) = (Sinks::default(), takes.abandon(self.recorder));
                return Outcome { prepared, sinks, errors, ledgers, sets, crop_work, takes, wall_s };
            }
        }
        if let Some(recorder) = self.recorder {
            takes.end(recorder, true);
        }
        let (takes, failed) = takes.finish();
        errors.extend(failed.into_iter().map(SessionError::from));
        let (croppers, panicked) = self.local_views.map(LocalViews::finish).unwrap_or_default();
        if panicked > 0 {
            errors.push(SessionError::Panicked(Part::Croppers));
        }
        if self.remote_views.is_some_and(|views| !views.join()) {
            errors.push(SessionError::Panicked(Part::Views));
        }
        let sinks = match self.assembler.map(JoinHandle::join) {
            Some(Ok(sinks)) => sinks,
            Some(Err(_)) => {
                errors.push(SessionError::Panicked(Part::Assembler));
                Sinks::default()
            }
            None => Sinks::default(),
        };
        if let Some(Err(_)) = self.preview.map(JoinHandle::join) {
            errors.push(SessionError::Panicked(Part::Preview));
        }
        losses.look();
        (prepared.croppers, prepared.trial) = (croppers, None);
        Outcome { prepared, sinks, errors, ledgers, sets, crop_work, takes, wall_s }
    }
}
