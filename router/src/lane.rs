//! The router's end of one camera.

use frame::{CameraId, EdgeAccount, Frame};

use crate::sync::*;
use crate::{FrameConsumer, Outlet};

/// The router's end of one camera.
pub struct Lane {
    camera: CameraId,
    ring: Consumer<Frame>,
    account: EdgeAccount,
    /// Set by the camera behind its last frame, cleared before its next one. A state and not a message, so that no
    /// word of it can be lost in a full ring.
    gone: Arc<AtomicBool>,
    /// What the consumers were told.
    told_gone: bool,
}

/// The camera's end, before there is a router to wake.
pub struct Entrance {
    pub(crate) account: EdgeAccount,
    pub(crate) ring: Producer<Frame>,
    pub(crate) gone: Arc<AtomicBool>,
}

impl Lane {
    /// A lane that holds so many frames, and its other end.
    pub fn new(camera: CameraId, frames: usize, account: EdgeAccount) -> (Self, Entrance) {
        let (producer, consumer) = ring(frames);
        let gone = Arc::new(AtomicBool::new(false));
        let lane = Self { camera, ring: consumer, account: account.clone(), gone: gone.clone(), told_gone: false };
        (lane, Entrance { account, ring: producer, gone })
    }

    pub(crate) fn tell(&mut self, gone: bool, consumers: &mut [Box<dyn FrameConsumer>]) {
        if self.told_gone != gone {
            self.told_gone = gone;
            consumers.iter_mut().for_each(|consumer| consumer.camera_gone(self.camera, gone));
        }
    }

    /// Moves one frame; false when there is none.
    pub(crate) fn step(&mut self, consumers: &mut [Box<dyn FrameConsumer>]) -> bool {
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
    pub(crate) fn is_over(&self, abandoned: bool) -> bool {
        // Closed is read before empty: what was pushed before the close is then seen.
        (abandoned || !self.ring.write_is_held()) && self.is_empty()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }
}

impl Entrance {
    /// The end for the camera's thread, which wakes the thread of this router.
    pub fn to(self, router: Thread) -> Outlet {
        Outlet::new(self, router)
    }
}
