use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::ws::Utf8Bytes;
use tokio::sync::{broadcast, watch};
use transport::PoseMessage;

use super::history::History;
use super::preview::Preview;
use super::status::LiveStatus;

/// Pose messages that a slow reader may fall behind before it loses the oldest: two seconds at 60 Hz.
const POSE_BACKLOG: usize = 128;

/// What the page shows. Clones are handles to the same state; every method returns at once.
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
        }))
    }

    /// Replaces the status. Call it a few times a second: every connected page gets each one that it can keep up with.
    pub fn set_status(&self, status: LiveStatus) {
        if let Some(learner) = &status.learner {
            self.history_lock().record(learner);
        }
        match serde_json::to_string(&status) {
            Ok(json) => drop(self.0.status.send_replace(json.into())),
            Err(error) => tracing::error!(%error, "the status does not encode as JSON"),
        }
    }

    /// Replaces the newest preview of a camera, which is an index in the rig; an unknown one is ignored.
    pub fn set_preview(&self, camera: usize, frame_width_px: u16, sequence: u64, exposure_ns: i64, jpeg: Vec<u8>) {
        let Ok(index) = u8::try_from(camera) else { return };
        let preview = Preview::new(index, frame_width_px, sequence, exposure_ns, &jpeg);
        self.0.previews.send_if_modified(|previews| match previews.get_mut(camera) {
            Some(slot) => {
                *slot = Some(preview);
                true
            }
            None => false,
        });
    }

    /// Whether anybody looks at previews now; otherwise they need not be made.
    pub fn preview_wanted(&self) -> bool {
        self.0.previews.receiver_count() > 0
    }

    /// Sends poses to every reader of `/poses`. A reader that falls behind loses the oldest and is told how many.
    pub fn send_pose(&self, poses: &PoseMessage) {
        if self.0.poses.receiver_count() == 0 {
            return;
        }
        match serde_json::to_string(poses) {
            // An error means that the last reader has just left.
            Ok(json) => drop(self.0.poses.send(json.into())),
            Err(error) => tracing::error!(%error, set = poses.set_index, "poses do not encode as JSON"),
        }
    }

    /// Whether somebody asked, since the last call, to take the background from the empty stage.
    pub fn take_background_requested(&self) -> bool {
        self.0.background_requested.swap(false, Ordering::AcqRel)
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
        // A curve is whole after every push, so a panic elsewhere does not spoil it.
        self.0.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
