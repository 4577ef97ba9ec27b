//! The report of a session at its end.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use frame::LossLedger;
use miette::{IntoDiagnostic, WrapErr, miette};
use outputs::OutputReport;
use serde::Serialize;
use transport::{InferStatus, LearnerStatus, ModelOrigin, OwnNetworkStatus, RefitStatus, RigStatus, SyncHealthStatus};

use session::{End, Outcome, Percentiles, RecordedTake, SessionError};

/// Why a session does not start, and the remedy.
pub fn not_started(error: SessionError) -> miette::Report {
    let remedy = matches!(error, SessionError::NotRecorded(_)).then_some("give another folder with --record");
    let report = miette!("{error}");
    match remedy {
        Some(remedy) => report.wrap_err(format!("nothing is captured; {remedy}")),
        None => report,
    }
}

/// Fails early if the report could not be written at the end.
pub fn check_path(path: &Path) -> miette::Result<()> {
    std::fs::OpenOptions::new().append(true).create(true).open(path).into_diagnostic().map(drop).wrap_err_with(|| {
        format!("the report {} cannot be written; name a file in a folder that exists with --report", path.display())
    })
}

#[derive(Debug, Serialize)]
pub struct Report {
    pub cameras: Vec<CameraReport>,
    pub sets: SetReport,
    pub sampler: SamplerReport,
    pub pretrain: PretrainReport,
    pub infer: InferReport,
    /// State of the rig's geometry; `None` without a finder of joints. Cameras are in the order of `cameras`.
    pub rig: Option<RigStatus>,
    /// What became of the bodies for each receiver outside.
    pub pose_outputs: Vec<OutputReport>,
    /// The session's last take; `None` without one.
    pub recording: Option<RecordingReport>,
    /// All takes of the session, in order.
    pub takes: Vec<RecordingReport>,
    pub rate_hz: f64,
    pub wall_s: f64,
    /// The texts of all events.
    pub events: Vec<String>,
}

#[derive(Debug, Serialize)]
pub struct CameraReport {
    pub name: String,
    /// Units that the camera sent, lost ones included.
    pub produced: u64,
    /// Units that reached the router.
    pub delivered: u64,
    /// Units lost before the router, by reason.
    pub lost: BTreeMap<&'static str, u64>,
    /// Units that reached the router and are not in the recording, by reason.
    pub not_recorded: BTreeMap<&'static str, u64>,
    /// Units whose crop is in a frame set.
    pub in_sets: u64,
    /// Units that reached the router and are in no frame set, by reason.
    pub not_in_sets: BTreeMap<&'static str, u64>,
}

impl CameraReport {
    pub fn new(name: &str, ledger: &LossLedger) -> Self {
        let capture = ledger.capture.counts();
        let named = |counts: &frame::EdgeCounts| counts.lost.iter().map(|(reason, n)| (reason.name(), *n)).collect();
        Self {
            name: name.to_owned(),
            produced: capture.entered,
            delivered: capture.left,
            lost: named(&capture),
            not_recorded: named(&ledger.recorder.counts()),
            in_sets: ledger.subject.counts().left,
            not_in_sets: named(&ledger.subject.counts()),
        }
    }
}

#[derive(Debug, Serialize)]
pub struct SetReport {
    pub complete: u64,
    pub incomplete: u64,
    /// From the arrival of a set's last frame to the set, decoding and cropping included.
    pub latency_ms: Percentiles,
}

#[derive(Debug, Default, Serialize)]
pub struct SamplerReport {
    pub pairs_per_s: f64,
}

#[derive(Debug, Default, Serialize)]
pub struct PretrainReport {
    /// Steps of SYNC since the start of the checkpoint, without transfer to poses.
    pub steps: u64,
    /// From the start of the command, which starts the learner, to its first step; `None` without one.
    pub first_step_s: Option<f64>,
    pub images_per_s: f64,
    pub loss_first: Option<f64>,
    pub loss_last: Option<f64>,
    /// `loss_sync` and `loss_flip` add up to `loss_last`.
    pub loss_sync: Option<f64>,
    pub loss_flip: Option<f64>,
    /// On balanced pairs of instants from training.
    pub sync_accuracy: Option<f64>,
    pub flip_accuracy: Option<f64>,
    /// On instants held out by source position: interpolation within the same take.
    pub held_out_sync_accuracy: Option<f64>,
    pub held_out_flip_accuracy: Option<f64>,
    pub precision: String,
    pub moments_missed: u64,
    /// How often the learner was restarted.
    pub restarts: u64,
    pub resumed_from_step: Option<u64>,
    /// How often it went back to its checkpoint, since its loss or its weights became useless.
    pub rolled_back: u64,
    pub checkpoint: Option<String>,
    /// The rig's own network, if one was made.
    pub refit: Option<RefitStatus>,
    /// Whether the cameras showed the same instants at the end, if a trained network watched.
    pub sync_health: Option<SyncHealthStatus>,
}

impl PretrainReport {
    /// `begun_ns` is when the command started, on the monotonic clock.
    pub fn new(status: Option<LearnerStatus>, restarts: u64, begun_ns: i64) -> Self {
        let Some(status) = status else { return Self { restarts, ..Self::default() } };
        Self {
            steps: status.steps,
            first_step_s: status.first_step_ns.map(|at| (at - begun_ns) as f64 / 1e9),
            images_per_s: status.images_per_s,
            loss_first: status.loss_first,
            loss_last: status.loss_last,
            loss_sync: status.loss_sync,
            loss_flip: status.loss_flip,
            sync_accuracy: status.sync_accuracy,
            flip_accuracy: status.flip_accuracy,
            held_out_sync_accuracy: status.held_out_sync_accuracy,
            held_out_flip_accuracy: status.held_out_flip_accuracy,
            precision: status.precision,
            moments_missed: status.moments_missed,
            restarts,
            resumed_from_step: status.resumed_from_step,
            rolled_back: status.rolled_back,
            checkpoint: status.checkpoint,
            refit: status.refit,
            sync_health: status.sync_health,
        }
    }
}

#[derive(Debug, Default, Serialize)]
pub struct InferReport {
    /// Moments with poses, one for each of their views.
    pub poses: u64,
    pub fps: f64,
    /// From the exposure of a set to sending its poses.
    pub latency_ms: Percentiles,
    pub model_version: Option<String>,
    /// `shipped` or `own`.
    pub model_origin: Option<ModelOrigin>,
    pub moments_superseded: u64,
    pub state: String,
    /// How the rig's own network compares with the finder, if there may be one.
    pub own_network: Option<OwnNetworkStatus>,
    pub restarts: u64,
}

impl InferReport {
    pub fn new(status: Option<InferStatus>, restarts: u64) -> Self {
        let Some(status) = status else { return Self { restarts, ..Self::default() } };
        Self {
            poses: status.poses,
            fps: status.fps,
            latency_ms: Percentiles { p50: status.latency_ms_p50, p99: status.latency_ms_p99 },
            model_version: status.model_version,
            model_origin: status.model_origin,
            moments_superseded: status.moments_superseded,
            state: status.state,
            own_network: status.own_network,
            restarts,
        }
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct RecordingReport {
    pub path: PathBuf,
    pub frames: u64,
    pub bytes: u64,
    /// Frames of the take's time that are not in it.
    pub lost: u64,
    pub state: String,
}

impl RecordingReport {
    fn new(RecordedTake { directory, counters }: &RecordedTake) -> Self {
        Self {
            path: directory.clone(),
            frames: counters.frames(),
            bytes: counters.bytes(),
            lost: counters.lost(),
            state: counters.state().to_string(),
        }
    }
}

impl Report {
    /// The report of a session that has ended. The caller adds what the child processes reported.
    pub fn new(session: &Outcome, rate_hz: f64) -> Self {
        let mut events = session.prepared.events.texts().to_vec();
        events.extend(session.errors.iter().map(ToString::to_string));
        let (names, sets) = (session.prepared.camera_names(), &session.sets);
        Self {
            cameras: names.iter().zip(&session.ledgers).map(|(name, ledger)| CameraReport::new(name, ledger)).collect(),
            sets: SetReport {
                complete: sets.complete.load(Ordering::Relaxed),
                incomplete: sets.incomplete.load(Ordering::Relaxed),
                latency_ms: sets.latency.percentiles_ms(),
            },
            sampler: SamplerReport::default(),
            pretrain: PretrainReport::default(),
            infer: InferReport::default(),
            rig: None,
            pose_outputs: vec![],
            recording: session.takes.last().map(RecordingReport::new),
            takes: session.takes.iter().map(RecordingReport::new).collect(),
            rate_hz,
            wall_s: session.wall_s,
            events,
        }
    }

    /// Writes the report where it was asked for, and says whether the session went well.
    ///
    /// # Errors
    /// The part that failed, or what the session lacks according to [`Self::lacks`].
    pub fn conclude(
        &self,
        path: Option<&Path>,
        end: End,
        session: &Outcome,
        lacks: Option<String>,
    ) -> miette::Result<()> {
        if let Some(path) = path {
            self.write(path).into_diagnostic().wrap_err_with(|| format!("writing {}", path.display()))?;
        }
        match end {
            End::Broken(part) => Err(miette!("the {part} failed")),
            _ if !session.errors.is_empty() => {
                Err(miette!("{}", session.errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))
            }
            _ => lacks.map_or(Ok(()), |lacks| Err(miette!("the session has nothing in it: {lacks}"))),
        }
    }

    /// What a session should have produced and has nothing of: a recording, if one of this host's cameras was
    /// requested, and frame sets.
    pub fn lacks(&self, own_cameras: usize) -> Option<String> {
        let delivered: u64 = self.cameras.iter().map(|camera| camera.delivered).sum();
        let takes = &self.takes;
        let recorded = own_cameras == 0 || takes.is_empty() || takes.iter().any(|take| take.frames > 0);
        match (delivered, recorded, self.sets.complete + self.sets.incomplete) {
            (0, _, _) => Some("no camera delivered a frame".into()),
            (_, false, _) => Some("nothing was recorded".into()),
            (_, _, 0) => Some("no frame set was made".into()),
            _ => None,
        }
    }

    fn write(&self, path: &Path) -> std::io::Result<()> {
        let json = serde_json::to_string_pretty(self).map_err(std::io::Error::other)?;
        std::fs::write(path, json + "\n")
    }
}
