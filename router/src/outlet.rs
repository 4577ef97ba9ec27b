//! The camera's end of its lane.

use frame::{EdgeAccount, Frame, LossReason};

use crate::lane::Entrance;
use crate::sync::*;

/// The camera's end of its lane. It waits for nobody, and counts the fate of every frame.
pub struct Outlet {
    account: EdgeAccount,
    ring: Producer<Frame>,
    gone: Arc<AtomicBool>,
    // Dropped behind the ring: the router is to find it closed when it wakes.
    router: Wake,
}

impl Outlet {
    pub(crate) fn new(Entrance { account, ring, gone }: Entrance, router: Thread) -> Self {
        Self { account, ring, gone, router: Wake(router) }
    }

    /// To be called before a frame is delivered: whether the camera was gone until now.
    pub fn is_back(&self) -> bool {
        self.gone.swap(false, Ordering::AcqRel)
    }

    /// Hands a frame on, or counts its loss: there was no buffer for it, or there is no room.
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

    /// Pictures that never came to be read.
    pub fn lose(&self, reason: LossReason, frames: u64) {
        self.account.enter_many(frames);
        self.account.lose_many(reason, frames);
    }

    /// The consumers hear of it behind the last frame.
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
