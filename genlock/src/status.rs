//! The numbers of a running session as the page shows them.

use std::sync::atomic::Ordering;
use std::time::Instant;

use session::Session;

use crate::learners::Statuses;
use crate::page::{CameraView, EventView, LiveStatus, RecordingView, STATUS_VERSION, SceneView, SetView};

/// Seconds over which frame rates are measured.
const WINDOW_S: f64 = 1.0;

pub struct StatusBoard {
    statuses: Option<Statuses>,
    since: Instant,
    delivered: Vec<u64>,
    fps: Vec<f64>,
}

impl StatusBoard {
    pub fn new(cameras: usize, statuses: Option<Statuses>) -> Self {
        Self { statuses, since: Instant::now(), delivered: vec![0; cameras], fps: vec![0.0; cameras] }
    }

    pub fn read(&mut self, session: &Session, message: Option<String>) -> LiveStatus {
        let events = session.events();
        let counts: Vec<_> = session.ledgers.iter().map(|ledger| ledger.capture.counts()).collect();
        let passed_s = self.since.elapsed().as_secs_f64();
        if passed_s >= WINDOW_S {
            for (camera, counts) in counts.iter().enumerate() {
                self.fps[camera] = (counts.left - self.delivered[camera]) as f64 / passed_s;
                self.delivered[camera] = counts.left;
            }
            self.since = Instant::now();
        }
        let cameras = counts
            .into_iter()
            .enumerate()
            .map(|(camera, counts)| CameraView {
                name: session.camera_names()[camera].clone(),
                fps: self.fps[camera],
                produced: counts.entered,
                delivered: counts.left,
                lost: counts.lost.iter().map(|(reason, n)| (reason.name().to_owned(), *n)).collect(),
                latency_ms: session.vitals.latency_ms(camera),
                interval_ms: session.vitals.interval_ms(camera).0,
                interval_spread_ms: session.vitals.interval_ms(camera).1,
                slips: events.slips(camera),
                temperature_c: session.health(camera).temperature_c,
                scene: events.scenes().faults()[camera].map(SceneView::from),
                state: events.camera_states()[camera].clone(),
            })
            .collect();
        let (learner, infer) = self.statuses.as_ref().map(Statuses::get).unwrap_or_default();
        let sets = session.sets.latency.percentiles_ms();
        LiveStatus {
            version: STATUS_VERSION,
            cameras,
            sets: SetView {
                complete: session.sets.complete.load(Ordering::Relaxed),
                incomplete: session.sets.incomplete.load(Ordering::Relaxed),
                latency_ms_p50: sets.p50,
                latency_ms_p99: sets.p99,
            },
            rate_hz: session.rate_hz(),
            learner,
            infer,
            recording: session.recorder.as_ref().map(|recorder| RecordingView {
                path: recorder.directory().display().to_string(),
                frames: recorder.counters().frames(),
                bytes: recorder.counters().bytes(),
                lost: recorder.counters().lost(),
                for_s: recorder.age().as_secs_f64(),
                budget_bytes: Some(recorder.budget_bytes()),
                state: recorder.counters().state().to_string(),
            }),
            message,
            events: events
                .newest()
                .map(|event| EventView {
                    at_s: event.at_s,
                    kind: event.kind.name().to_owned(),
                    text: event.text.clone(),
                })
                .collect(),
            elapsed_s: session.started.elapsed().as_secs_f64(),
        }
    }
}
