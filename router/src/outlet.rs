//! The camera's end of its lane.

use frame::{EdgeAccount, Frame, LossReason};

use crate::lane::Entrance;
use crate::sync::*;

/// The camera's end of its lane. It never blocks, and accounts for every frame.
pub struct Outlet {
    account: EdgeAccount,
    ring: Producer<Frame>,
    gone: Arc<AtomicBool>,
    // Dropped after the ring, so that the router finds the ring closed when it wakes.
    router: Wake,
}

impl Outlet {
    pub(crate) fn new(Entrance { account, ring, gone }: Entrance, router: Thread) -> Self {
        Self { account, ring, gone, router: Wake(router) }
    }

    /// Whether the camera was gone until now. Call this before delivering a frame.
    pub fn is_back(&self) -> bool {
        self.gone.swap(false, Ordering::AcqRel)
    }

    /// Delivers a frame, or counts its loss if there was no buffer for it (`None`) or the ring is full.
    pub fn deliver(&mut self, frame: Option<Frame>) {
        self.account.enter();
        let Some(frame) = frame else {
            self.account.lose(LossReason::PoolEmpty);
            return;
        };
        match self.ring.try_push(frame) {
            Ok(()) => self.router.now(),
            Err(_) => self.account.lose(LossReason::RingFull),
        }
    }

    /// Counts frames that were lost before they could be read.
    pub fn lose(&self, reason: LossReason, frames: u64) {
        self.account.enter_many(frames);
        self.account.lose_many(reason, frames);
    }

    /// Marks the camera as gone; consumers are notified after its last frame.
    pub fn gone(&self) {
        self.gone.store(true, Ordering::Release);
        self.router.now();
    }
}

/// Wakes the router after a push and, when dropped, after the close.
struct Wake(Thread);

impl Wake {
    fn now(&self) {
        self.0.unpark();
    }
}

impl Drop for Wake {
    fn drop(&mut self) {
        self.now();
    }
}
