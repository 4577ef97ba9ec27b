//! Takes the poses that a session streams to its recording.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam::channel::{Receiver, Sender, bounded};
use session::Recorder;

/// Messages that may wait for the session, which takes them a few times a second.
const WAITING: usize = 256;

/// The end that poses come from.
#[derive(Clone)]
pub struct PoseLogSender {
    queue: Sender<(i64, Vec<u8>)>,
    lost: Arc<AtomicU64>,
}

/// The end that a session writes from.
pub struct PoseLog {
    queue: Receiver<(i64, Vec<u8>)>,
    lost: Arc<AtomicU64>,
}

/// Both ends.
pub fn pose_log() -> (PoseLogSender, PoseLog) {
    let (sender, receiver) = bounded(WAITING);
    let lost = Arc::new(AtomicU64::new(0));
    (PoseLogSender { queue: sender, lost: lost.clone() }, PoseLog { queue: receiver, lost })
}

impl PoseLogSender {
    /// Hands over a message as JSON, of an instant whose exposure began at `at_ns`.
    pub fn send(&self, at_ns: i64, json: Vec<u8>) {
        if self.queue.try_send((at_ns, json)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl PoseLog {
    /// Writes what came since the last call. Without a recorder it is dropped: nothing is recorded then.
    pub fn write(&self, recorder: Option<&Recorder>) {
        for (at_ns, json) in self.queue.try_iter() {
            if recorder.is_some_and(|recorder| !recorder.poses(at_ns, json)) {
                self.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// How many messages the disk was too busy for.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_beyond_what_may_wait_are_counted() {
        let (sender, log) = pose_log();
        (0..300).for_each(|at_ns| sender.send(at_ns, vec![]));
        assert_eq!(log.lost(), 300 - WAITING as u64);
        log.write(None);
        sender.send(0, vec![]);
        assert_eq!(log.lost(), 300 - WAITING as u64, "there was room again");
    }
}
