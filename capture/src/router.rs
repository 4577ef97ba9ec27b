use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, Thread};

use frame::{CameraId, EdgeAccount, Frame, FrameRef};
use ringbuf::HeapCons;
use ringbuf::traits::{Consumer, Observer};

/// Somebody behind the router. Offers come from the router's thread and must not block.
pub trait FrameConsumer: Send {
    /// Takes the frame, or counts its loss in the consumer's own account.
    fn offer(&mut self, frame: &FrameRef);

    /// The camera delivers nothing from here on (`true`), or delivers again.
    fn camera_gone(&mut self, camera: CameraId, gone: bool) {
        let _ = (camera, gone);
    }
}

/// What travels through a camera's ring.
pub(crate) enum RingItem {
    Frame(Frame),
    Gone(CameraId, bool),
}

pub(crate) struct Lane {
    pub ring: HeapCons<RingItem>,
    pub account: EdgeAccount,
}

/// Moves frames from the rings to the consumers until every ring is empty and closed, or `abandon`ed with a driver
/// that hangs. Parks when there is nothing.
pub(crate) fn route(mut lanes: Vec<Lane>, mut consumers: Vec<Box<dyn FrameConsumer>>, abandon: &AtomicBool) {
    while !lanes.is_empty() {
        let mut idle = true;
        for lane in &mut lanes {
            // One item a turn, so that a camera with a backlog does not hold up the others.
            let Some(item) = lane.ring.try_pop() else { continue };
            idle = false;
            match item {
                RingItem::Frame(frame) => {
                    let frame = frame.share();
                    lane.account.leave();
                    consumers.iter_mut().for_each(|consumer| consumer.offer(&frame));
                }
                RingItem::Gone(camera, gone) => {
                    consumers.iter_mut().for_each(|consumer| consumer.camera_gone(camera, gone));
                }
            }
        }
        if idle {
            // Closed is read before empty: what was pushed before the close is then seen.
            let abandoned = abandon.load(Ordering::Acquire);
            lanes.retain(|lane| (lane.ring.write_is_held() && !abandoned) || !lane.ring.is_empty());
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
