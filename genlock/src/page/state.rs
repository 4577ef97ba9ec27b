//! The state of the page, shared by its writers and its server.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use axum::extract::ws::Utf8Bytes;
use body::RigGeometry;
use crossbeam::queue::ArrayQueue;
use outputs::RestPose;
use session::{NoTake, PreviewPicture, PreviewSink};
use tokio::sync::{broadcast, oneshot, watch};
use transport::RigCommand;

use super::history::History;
use super::preview::Preview;
use super::recording::{RecordRequest, RecordWish};
use super::status::LiveStatus;

/// How many pose messages a slow reader may lag before it loses the oldest: two seconds at 60 Hz.
const POSE_BACKLOG: usize = 128;

/// Capacity of the queue of rig commands.
const RIG_COMMANDS: usize = 16;
/// Capacity of the queue of requests to the recording.
const RECORD_REQUESTS: usize = 4;

/// The state of the page. Clones are handles to the same state; every method returns at once.
#[derive(Clone)]
pub struct PageState(Arc<Inner>);

struct Inner {
    camera_names: Vec<String>,
    /// JSON of the newest status; empty until there is one.
    status: watch::Sender<Utf8Bytes>,
    history: Mutex<History>,
    /// Newest preview of each camera.
    previews: watch::Sender<Vec<Option<Preview>>>,
    poses: broadcast::Sender<Utf8Bytes>,
    background_requested: AtomicBool,
    /// JSON of the rig's geometry; empty until there is one.
    geometry: Mutex<Utf8Bytes>,
    /// Whether a finder of joints runs, which executes rig commands.
    finder_at_work: AtomicBool,
    /// Rig commands since the last call of `rig_commands`.
    rig_commands: ArrayQueue<RigCommand>,
    /// Requests to the recording since the last call of `record_requests`.
    record_requests: ArrayQueue<RecordRequest>,
    /// Folder of the take that is being recorded.
    recording: Mutex<Option<PathBuf>>,
    /// The rest pose of what is sent outside; set once the session starts.
    rest_pose: OnceLock<RestPose>,
}

impl PageState {
    /// `camera_names` in the rig's order; at most 256, as the preview's header numbers them in one byte.
    pub fn new(camera_names: Vec<String>) -> Self {
        let previews = vec![None; camera_names.len().min(256)];
        Self(Arc::new(Inner {
            camera_names,
            status: watch::Sender::new(Utf8Bytes::default()),
            history: Mutex::default(),
            previews: watch::Sender::new(previews),
            poses: broadcast::Sender::new(POSE_BACKLOG),
            background_requested: AtomicBool::new(false),
            geometry: Mutex::default(),
            finder_at_work: AtomicBool::new(false),
            rig_commands: ArrayQueue::new(RIG_COMMANDS),
            record_requests: ArrayQueue::new(RECORD_REQUESTS),
            recording: Mutex::default(),
            rest_pose: OnceLock::new(),
        }))
    }

    /// Replaces the status. Call it a few times a second. A page that cannot keep up skips some.
    pub fn set_status(&self, status: LiveStatus) {
        if let Some(learner) = &status.learner {
            self.history_lock().record(learner);
        }
        let finder_at_work = status.infer.as_ref().is_some_and(|infer| infer.rig.is_some());
        self.0.finder_at_work.store(finder_at_work, Ordering::Release);
        *self.recording_lock() = status.recording.as_ref().map(|recording| PathBuf::from(&recording.path));
        match serde_json::to_string(&status) {
            Ok(json) => drop(self.0.status.send_replace(json.into())),
            Err(error) => tracing::error!(%error, "could not encode the status as JSON"),
        }
    }

    /// Sends poses to every reader of `/poses`. A reader that falls behind loses the oldest, and gets their number.
    /// `json` is a [`transport::PoseMessage`].
    pub fn send_pose(&self, json: &str) {
        if self.0.poses.receiver_count() > 0 {
            // An error means that the last reader has just disconnected.
            drop(self.0.poses.send(json.into()));
        }
    }

    /// Whether learning the background from the empty stage was requested since the last call.
    pub fn take_background_requested(&self) -> bool {
        self.0.background_requested.swap(false, Ordering::AcqRel)
    }

    /// Replaces the rig's geometry.
    pub fn set_geometry(&self, geometry: Option<&RigGeometry>) {
        let json = geometry.map(serde_json::to_string).transpose();
        match json {
            Ok(json) => *self.geometry_lock() = json.unwrap_or_default().into(),
            Err(error) => tracing::error!(%error, "could not encode the geometry as JSON"),
        }
    }

    /// Takes the rig commands since the last call.
    pub fn rig_commands(&self) -> Vec<RigCommand> {
        std::iter::from_fn(|| self.0.rig_commands.pop()).collect()
    }

    /// Takes the requests to the recording since the last call, without those that nobody waits for any longer.
    pub fn record_requests(&self) -> impl Iterator<Item = RecordRequest> {
        std::iter::from_fn(|| self.0.record_requests.pop()).filter(RecordRequest::is_awaited)
    }

    /// Queues a request to the recording; `None` if too many wait.
    pub(super) fn ask_to_record(&self, wish: RecordWish) -> Option<oneshot::Receiver<Result<PathBuf, NoTake>>> {
        let (request, answered) = RecordRequest::new(wish);
        self.0.record_requests.push(request).ok().map(|()| answered)
    }

    pub(super) fn recording_path(&self) -> Option<PathBuf> {
        self.recording_lock().clone()
    }

    fn recording_lock(&self) -> MutexGuard<'_, Option<PathBuf>> {
        self.0.recording.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the page take the person's T-pose as the rest pose of characters. Only the first call counts.
    pub fn set_rest_pose(&self, rest_pose: RestPose) {
        let _ = self.0.rest_pose.set(rest_pose);
    }

    /// Takes the person's T-pose; the error says why it cannot be done.
    pub(super) fn take_t_pose(&self) -> Result<(), String> {
        let rest_pose = self.0.rest_pose.get().ok_or("the session has not started yet")?;
        rest_pose.take().map_err(|refused| refused.to_string())
    }

    /// Queues a rig command; the error says why it cannot be done.
    pub(super) fn command_rig(&self, command: RigCommand) -> Result<(), &'static str> {
        if !self.0.finder_at_work.load(Ordering::Acquire) {
            return Err("no finder of joints is at work, so the rig has no geometry");
        }
        self.0.rig_commands.push(command).map_err(|_| "too many requests at once")
    }

    pub(super) fn geometry_json(&self) -> Utf8Bytes {
        self.geometry_lock().clone()
    }

    fn geometry_lock(&self) -> MutexGuard<'_, Utf8Bytes> {
        self.0.geometry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn request_background(&self) {
        self.0.background_requested.store(true, Ordering::Release);
    }

    pub(super) fn camera_names(&self) -> &[String] {
        &self.0.camera_names
    }

    pub(super) fn status_json(&self) -> Utf8Bytes {
        self.0.status.borrow().clone()
    }

    pub(super) fn history(&self) -> History {
        self.history_lock().clone()
    }

    pub(super) fn watch_status(&self) -> watch::Receiver<Utf8Bytes> {
        self.0.status.subscribe()
    }

    pub(super) fn watch_previews(&self) -> watch::Receiver<Vec<Option<Preview>>> {
        self.0.previews.subscribe()
    }

    pub(super) fn subscribe_poses(&self) -> broadcast::Receiver<Utf8Bytes> {
        self.0.poses.subscribe()
    }

    fn history_lock(&self) -> MutexGuard<'_, History> {
        // A curve is consistent after every push, so a poisoned lock is still usable.
        self.0.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PreviewSink for PageState {
    fn wanted(&self) -> bool {
        self.0.previews.receiver_count() > 0
    }

    /// The camera is an index in the rig; an unknown one is ignored.
    fn show(&self, preview: PreviewPicture) {
        let camera = preview.camera.index();
        let Ok(index) = u8::try_from(camera) else { return };
        let PreviewPicture { frame_width_px, sequence, exposure_ns, jpeg, .. } = preview;
        let preview = Preview::new(index, frame_width_px, sequence, exposure_ns, &jpeg);
        self.0.previews.send_if_modified(|previews| match previews.get_mut(camera) {
            Some(slot) => {
                *slot = Some(preview);
                true
            }
            None => false,
        });
    }
}
