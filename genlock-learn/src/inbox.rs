//! A bounded queue of moments between the receiving thread and the one that owns the model. Drops the oldest if full.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam::channel::{Receiver, TryRecvError, TrySendError, bounded};
use transport::{Moment, MomentSource, TransportError};

/// Timeout of one call into the source, so that the thread notices when the inbox is dropped.
const RECEIVE_FOR: Duration = Duration::from_millis(500);

/// The receiver, for the thread that learns or infers.
pub struct Inbox {
    moments: Receiver<Moment>,
    counts: Arc<Counts>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Counts {
    received: AtomicU64,
    missed: AtomicU64,
}

impl Inbox {
    /// Starts the receiving thread, which shows every moment to `seen`. It ends when the source is closed or the inbox is
    /// dropped.
    pub fn start(
        mut source: impl MomentSource + 'static,
        capacity: usize,
        mut seen: impl FnMut(&Moment) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (queue, moments) = bounded(capacity);
        let mut inbox = Self { moments: moments.clone(), counts: Arc::default(), thread: None };
        // Owned only by the inbox, so that the thread notices its drop although it holds a receiver itself.
        let alive = Arc::downgrade(&inbox.counts);
        let thread = std::thread::Builder::new().name("moments".into()).spawn(move || {
            let mut expected = None;
            loop {
                let received = source.receive(RECEIVE_FOR);
                let Some(counts) = alive.upgrade() else { return };
                match received {
                    Ok(None) => {}
                    Ok(Some(moment)) => {
                        counts.received.fetch_add(1, Ordering::Relaxed);
                        // Moments before joining are not losses, nor is a restart of the sender.
                        let gap = expected.map_or(0, |expected| moment.number.saturating_sub(expected));
                        expected = Some(moment.number + 1);
                        let mut value = moment.value;
                        seen(&value);
                        let mut lost = gap;
                        while let Err(TrySendError::Full(back)) = queue.try_send(value) {
                            lost += u64::from(moments.try_recv().is_ok());
                            value = back;
                        }
                        counts.missed.fetch_add(lost, Ordering::Relaxed);
                    }
                    Err(TransportError::Closed) => return,
                    Err(e) => tracing::error!("receiving moments: {e}"),
                }
            }
        })?;
        inbox.thread = Some(thread);
        Ok(inbox)
    }

    /// For `select!`; disconnected once the source is closed and the queue is empty.
    pub fn channel(&self) -> &Receiver<Moment> {
        &self.moments
    }

    /// The oldest queued moment, without blocking.
    pub fn waiting(&self) -> Result<Moment, TryRecvError> {
        self.moments.try_recv()
    }

    /// Call it once the queue is disconnected: whether its thread panicked, and not just came to its end.
    pub fn has_panicked(&mut self) -> bool {
        self.thread.take().is_some_and(|thread| thread.join().is_err())
    }

    /// Moments received, and moments lost in transport or in this queue.
    pub fn counts(&self) -> (u64, u64) {
        (self.counts.received.load(Ordering::Relaxed), self.counts.missed.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use frame::{HostTime, SegmentId, SetIndex, TriggerIndex};
    use transport::{InProcessMoments, MomentSink};

    use super::*;

    fn moment(set: u64) -> Moment {
        Moment {
            set: SetIndex(set),
            trigger: TriggerIndex::Certain(set),
            segment: SegmentId::seam(0),
            exposure: HostTime::monotonic(set as i64, 0),
            arrival_ns: 0,
            source: None,
            preprocessing: 0,
            views: vec![],
            unusable: vec![],
        }
    }

    /// Wherever moments get lost, taken + missed = sent, and the newest are taken.
    #[test]
    fn the_oldest_gives_way_and_every_loss_is_counted() {
        let mut sink = InProcessMoments::default();
        let inbox = Inbox::start(sink.source(64), 4, |_| ()).unwrap();
        for set in 0..50 {
            sink.send(&moment(set)).unwrap();
        }
        drop(sink);
        // The thread ends when the source is closed, and with it the last sender.
        let mut taken = Vec::new();
        while let Ok(moment) = inbox.channel().recv() {
            taken.push(moment.set.0);
        }
        let (received, missed) = inbox.counts();
        assert_eq!(received, 50);
        assert_eq!(taken.len() as u64 + missed, 50);
        assert!(taken.is_sorted());
        assert_eq!(taken.last(), Some(&49));
    }
}
