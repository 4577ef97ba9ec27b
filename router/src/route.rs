//! The router's thread.

use crate::sync::{AtomicBool, Ordering, park};
use crate::{FrameConsumer, Lane};

/// Moves frames from the lanes to the consumers until every lane is empty and closed. With `abandon` set, empty
/// suffices, since a hanging driver never closes its lane. Parks when there is nothing to do.
pub fn route(mut lanes: Vec<Lane>, mut consumers: Vec<Box<dyn FrameConsumer>>, abandon: &AtomicBool) {
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
            if !lanes.is_empty() && lanes.iter().all(Lane::is_empty) {
                // A push after the check above has left an unpark token, so this returns at once.
                park();
            }
        }
    }
}
