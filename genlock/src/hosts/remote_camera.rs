use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use capture::{CameraDriver, DriverError, DriverEvent, OpenDriver};
use crossbeam::channel::RecvTimeoutError;
use frame::{LossReason, Slot};
use transport::HostView;

use super::guests::{Guests, Lane};
use super::inbox::Inbox;

/// How long a camera waits for its host before it is told of as missing; later it waits in silence.
const FIRST_WAIT: Duration = Duration::from_secs(2);

/// A camera of another host: its units are views, cropped there.
pub struct RemoteCamera {
    guests: Arc<Guests>,
    kept: Arc<Mutex<Kept>>,
    /// The view before which frames are missing, and which these are.
    held: Option<HostView>,
    missing: VecDeque<(LossReason, u64)>,
}

/// What outlives a lost link.
struct Kept {
    lane: Lane,
    inbox: Inbox,
}

impl RemoteCamera {
    /// Opens once the camera is armed on its host.
    pub fn opener(guests: Arc<Guests>, lane: Lane) -> OpenDriver {
        let kept = Arc::new(Mutex::new(Kept { lane, inbox: Inbox::default() }));
        let mut tried = false;
        Box::new(move || {
            let until = (!std::mem::replace(&mut tried, true)).then(|| Instant::now() + FIRST_WAIT);
            // The driver before is gone, so nobody else holds this.
            let lane = &kept.lock().unwrap_or_else(PoisonError::into_inner).lane;
            guests.wait(lane, until).map_err(DriverError::Stream)?;
            Ok(Box::new(Self { guests: guests.clone(), kept: kept.clone(), held: None, missing: VecDeque::new() }))
        })
    }

    /// What waits: word of missing frames, then the view before which they are missing.
    fn pending(&mut self, slot: Option<&mut Slot>) -> DriverEvent {
        if let Some((reason, frames)) = self.missing.pop_front() {
            return DriverEvent::Lost { reason, frames };
        }
        let Some(view) = self.held.take() else { return DriverEvent::Idle };
        if let Some(slot) = slot {
            slot.bytes_mut().extend_from_slice(view.bytes());
        }
        DriverEvent::Numbered(view.info)
    }
}

impl CameraDriver for RemoteCamera {
    fn next(&mut self, slot: Option<&mut Slot>, wait: Duration) -> Result<DriverEvent, DriverError> {
        if self.held.is_some() {
            return Ok(self.pending(slot));
        }
        let kept = self.kept.clone();
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.lane.views.recv_timeout(wait) {
            Ok(view) => {
                if let Some(missing) = kept.inbox.missing(&view) {
                    self.missing.extend(missing);
                    self.held = Some(view);
                }
                Ok(self.pending(slot))
            }
            Err(RecvTimeoutError::Timeout) => {
                self.guests.state(&kept.lane).map_err(DriverError::Stream)?;
                Ok(DriverEvent::Idle)
            }
            Err(RecvTimeoutError::Disconnected) => Ok(DriverEvent::Ended),
        }
    }
}
