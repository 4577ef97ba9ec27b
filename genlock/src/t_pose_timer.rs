//! Takes the person's T-pose at a time that was given at the start, for who works alone and stands before the cameras.

use std::cell::Cell;
use std::time::{Duration, Instant};

use outputs::RestPose;
use session::{EventKind, EventSender};
use transport::RigEventKind;

/// How long a T-pose is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for its time, then for a T-pose.
pub struct TPoseTimer {
    rest_pose: RestPose,
    events: EventSender,
    after: Duration,
    due: Cell<Option<Instant>>,
}

impl TPoseTimer {
    /// `after_s` is counted from [`begin`](Self::begin).
    pub fn new(rest_pose: RestPose, after_s: f64, events: EventSender) -> Self {
        Self { rest_pose, events, after: Duration::from_secs_f64(after_s), due: Cell::new(None) }
    }

    /// The session has begun.
    pub fn begin(&self, at: Instant) {
        self.due.set(Some(at + self.after));
    }

    /// Looks whether there is a T-pose, if it is time to. Call it a few times a second.
    pub fn poll(&self, now: Instant) {
        let Some(due) = self.due.get().filter(|due| now >= *due) else { return };
        let text = match self.rest_pose.take() {
            Ok(()) => "the person's T-pose is the rest pose of characters from now on".to_owned(),
            Err(_) if now < due + PATIENCE => return,
            Err(refused) => format!("no rest pose was taken within {} s: {refused}", PATIENCE.as_secs()),
        };
        self.due.set(None);
        self.events.send(EventKind::Rig(RigEventKind::RigCommand), text);
    }
}
