//! The in-process transport: the same guarantees without a network, for tests and for tools that run in one process.

use std::sync::Arc;
use std::time::Duration;

use crossbeam::channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, bounded};
use crossbeam::queue::ArrayQueue;

use crate::{
    CommandSink, CommandSource, FinderSet, FinderSetSink, FinderSetSource, Hint, HintSink, HintSource, Moment,
    MomentSink, MomentSource, PoseMessage, PoseSink, PoseSource, Received, RigCommand, TransportError,
};

/// A sink that never blocks, and a source that keeps the newest `capacity` messages.
fn newest<T>(capacity: usize) -> (NewestSink<T>, NewestSource<T>) {
    let queue = Arc::new(ArrayQueue::new(capacity));
    let (wake, woken) = bounded(1);
    (NewestSink { queue: queue.clone(), wake }, NewestSource { queue, woken })
}

struct NewestSink<T> {
    queue: Arc<ArrayQueue<T>>,
    wake: Sender<()>,
}

impl<T> NewestSink<T> {
    fn send(&self, value: T) -> Result<(), TransportError> {
        // The receiver sees an evicted message as a gap in the numbering.
        let _ = self.queue.force_push(value);
        match self.wake.try_send(()) {
            Err(crossbeam::channel::TrySendError::Disconnected(())) => Err(TransportError::Closed),
            _ => Ok(()),
        }
    }
}

struct NewestSource<T> {
    queue: Arc<ArrayQueue<T>>,
    woken: Receiver<()>,
}

impl<T> NewestSource<T> {
    fn receive(&self, wait: Duration) -> Result<Option<T>, TransportError> {
        let deadline = std::time::Instant::now() + wait;
        loop {
            // The token is taken before the queue is read, so that a message that arrives in between is never missed.
            let closed = matches!(self.woken.try_recv(), Err(TryRecvError::Disconnected));
            if let Some(value) = self.queue.pop() {
                return Ok(Some(value));
            }
            if closed {
                return Err(TransportError::Closed);
            }
            match self.woken.recv_deadline(deadline) {
                Ok(()) => {
                    if let Some(value) = self.queue.pop() {
                        return Ok(Some(value));
                    }
                }
                Err(RecvTimeoutError::Timeout) => return Ok(None),
                Err(RecvTimeoutError::Disconnected) => {}
            }
        }
    }
}

/// Sends moments to any number of receivers, each with its own depth.
#[derive(Default)]
pub struct InProcessMoments {
    receivers: Vec<NewestSink<Received<Moment>>>,
    next: u64,
}

impl InProcessMoments {
    /// A receiver that keeps the newest `depth` moments.
    pub fn source(&mut self, depth: usize) -> InProcessMomentSource {
        let (sink, source) = newest(depth);
        self.receivers.push(sink);
        InProcessMomentSource(source)
    }
}

impl MomentSink for InProcessMoments {
    fn send(&mut self, moment: &Moment) -> Result<(), TransportError> {
        let message = Received { number: self.next, value: moment.clone() };
        self.next += 1;
        self.receivers.retain(|receiver| receiver.send(message.clone()).is_ok());
        Ok(())
    }
}

/// A receiver of [`InProcessMoments`].
pub struct InProcessMomentSource(NewestSource<Received<Moment>>);

impl MomentSource for InProcessMomentSource {
    fn receive(&mut self, wait: Duration) -> Result<Option<Received<Moment>>, TransportError> {
        self.0.receive(wait)
    }
}

/// A sink, and its only source, which keeps the newest `depth` messages.
pub fn in_process_poses(depth: usize) -> (impl PoseSink, impl PoseSource) {
    let (sink, source) = newest(depth);
    (Ends(sink), Ends(source))
}

/// See [`in_process_poses`].
pub fn in_process_finder_sets(depth: usize) -> (impl FinderSetSink, impl FinderSetSource) {
    let (sink, source) = newest(depth);
    (Ends(sink), Ends(source))
}

/// See [`in_process_poses`].
pub fn in_process_commands(depth: usize) -> (impl CommandSink, impl CommandSource) {
    let (sink, source) = newest(depth);
    (Ends(sink), Ends(source))
}

/// See [`in_process_poses`].
pub fn in_process_hints(depth: usize) -> (impl HintSink, impl HintSource) {
    let (sink, source) = newest(depth);
    (Ends(sink), Ends(source))
}

struct Ends<E>(E);

impl PoseSink for Ends<NewestSink<PoseMessage>> {
    fn send(&mut self, poses: &PoseMessage) -> Result<(), TransportError> {
        self.0.send(poses.clone())
    }
}

impl PoseSource for Ends<NewestSource<PoseMessage>> {
    fn receive(&mut self, wait: Duration) -> Result<Option<PoseMessage>, TransportError> {
        self.0.receive(wait)
    }
}

impl HintSink for Ends<NewestSink<Hint>> {
    fn send(&mut self, hint: &Hint) -> Result<(), TransportError> {
        self.0.send(hint.clone())
    }
}

impl HintSource for Ends<NewestSource<Hint>> {
    fn receive(&mut self, wait: Duration) -> Result<Option<Hint>, TransportError> {
        self.0.receive(wait)
    }
}

impl FinderSetSink for Ends<NewestSink<FinderSet>> {
    fn send(&mut self, set: &FinderSet) -> Result<(), TransportError> {
        self.0.send(set.clone())
    }
}

impl FinderSetSource for Ends<NewestSource<FinderSet>> {
    fn receive(&mut self, wait: Duration) -> Result<Option<FinderSet>, TransportError> {
        self.0.receive(wait)
    }
}

impl CommandSink for Ends<NewestSink<RigCommand>> {
    fn send(&mut self, command: &RigCommand) -> Result<(), TransportError> {
        self.0.send(*command)
    }
}

impl CommandSource for Ends<NewestSource<RigCommand>> {
    fn receive(&mut self) -> Result<Option<RigCommand>, TransportError> {
        self.0.receive(Duration::ZERO)
    }
}
