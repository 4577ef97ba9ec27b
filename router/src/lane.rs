//! A camera's lane to the router.

use frame::{CameraId, EdgeAccount, Frame};

use crate::sync::*;
use crate::{FrameConsumer, Outlet};

/// The router's end of one camera's lane.
pub struct Lane {
    camera: CameraId,
    ring: Consumer<Frame>,
    account: EdgeAccount,
    /// Set by the camera after its last frame, cleared before its next one. A flag and not a message, so that it cannot
    /// be lost in a full ring.
    gone: Arc<AtomicBool>,
    /// The state last reported to the consumers.
    told_gone: bool,
}

/// The camera's end, before there is a router to wake.
pub struct Entrance {
    pub(crate) account: EdgeAccount,
    pub(crate) ring: Producer<Frame>,
    pub(crate) gone: Arc<AtomicBool>,
}

impl Lane {
    /// A lane with room for this many frames, and its other end.
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
        // Read before the ring, so that all frames pushed before the flag was set are delivered first.
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

    /// Whether no more frames can come.
    pub(crate) fn is_over(&self, abandoned: bool) -> bool {
        // Closed is read before empty, so that frames pushed before the close are seen.
        (abandoned || !self.ring.write_is_held()) && self.is_empty()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }
}

impl Entrance {
    /// The end for the camera's thread, which wakes the thread `router`.
    pub fn to(self, router: Thread) -> Outlet {
        Outlet::new(self, router)
    }
}
