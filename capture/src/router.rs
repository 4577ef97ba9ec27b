//! The router: from the cameras' rings to the consumers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, Thread};

use frame::{CameraId, EdgeAccount, Frame, FrameRef};
use ringbuf::HeapCons;
use ringbuf::traits::{Consumer, Observer};

/// Somebody behind the router. Offers come from the router's thread and must not block.
pub trait FrameConsumer: Send {
    /// Takes the frame, or counts its loss in the consumer's own account.
    fn offer(&mut self, frame: &FrameRef);

    /// The camera delivers nothing from here on (`true`), or delivers again. Comes in order with its frames.
    fn camera_gone(&mut self, camera: CameraId, gone: bool) {
        let _ = (camera, gone);
    }
}

/// The router's end of one camera.
pub(crate) struct Lane {
    pub camera: CameraId,
    pub ring: HeapCons<Frame>,
    pub account: EdgeAccount,
    /// Set by the camera behind its last frame, cleared before its next one. A state and not a message, so that no
    /// word of it can be lost in a full ring.
    pub gone: Arc<AtomicBool>,
    /// What the consumers were told.
    told_gone: bool,
}

impl Lane {
    pub fn new(camera: CameraId, ring: HeapCons<Frame>, account: EdgeAccount, gone: Arc<AtomicBool>) -> Self {
        Self { camera, ring, account, gone, told_gone: false }
    }

    fn tell(&mut self, gone: bool, consumers: &mut [Box<dyn FrameConsumer>]) {
        if self.told_gone != gone {
            self.told_gone = gone;
            consumers.iter_mut().for_each(|consumer| consumer.camera_gone(self.camera, gone));
        }
    }

    /// Moves one frame; false when there is none.
    fn step(&mut self, consumers: &mut [Box<dyn FrameConsumer>]) -> bool {
        // Read before the ring: every frame from before the camera went is then seen first.
        let gone = self.gone.load(Ordering::Acquire);
        let Some(frame) = self.ring.try_pop() else {
            self.tell(gone, consumers);
            return false;
        };
        self.tell(false, consumers);
        let frame = frame.share();
        self.account.leave();
        consumers.iter_mut().for_each(|consumer| consumer.offer(&frame));
        true
    }

    /// True when nothing can come any more.
    fn is_over(&self, abandoned: bool) -> bool {
        // Closed is read before empty: what was pushed before the close is then seen.
        (abandoned || !self.ring.write_is_held()) && self.ring.is_empty()
    }
}

/// Moves frames from the rings to the consumers until every ring is empty and closed, or `abandon`ed with a driver
/// that hangs. Parks when there is nothing.
pub(crate) fn route(mut lanes: Vec<Lane>, mut consumers: Vec<Box<dyn FrameConsumer>>, abandon: &AtomicBool) {
    while !lanes.is_empty() {
        let mut idle = true;
        for lane in &mut lanes {
            // One frame a turn, so that a camera with a backlog does not hold up the others.
            idle &= !lane.step(&mut consumers);
        }
        if idle {
            let abandoned = abandon.load(Ordering::Acquire);
            lanes.retain_mut(|lane| {
                let over = lane.is_over(abandoned);
                if over {
                    lane.tell(true, &mut consumers);
                }
                !over
            });
            if !lanes.is_empty() && lanes.iter().all(|lane| lane.ring.is_empty()) {
                // A push after the look above has left an unpark token, and this returns at once.
                thread::park();
            }
        }
    }
}

/// Wakes the router after a push and, when dropped, after the close.
pub(crate) struct Wake(pub Thread);

impl Wake {
    pub fn now(&self) {
        self.0.unpark();
    }
}

impl Drop for Wake {
    fn drop(&mut self) {
        self.now();
    }
}
