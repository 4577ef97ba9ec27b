//! The newest items for a thread that may be slow: a full queue gives way at its old end.

use crate::sync::*;

/// The worker's end.
pub struct Backlog<T>(Arc<Shared<T>>);

struct Shared<T> {
    queue: ArrayQueue<T>,
    gone: AtomicBool,
    closed: AtomicBool,
}

/// What a worker does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next<T> {
    /// Work on the oldest item.
    Item(T),
    /// Nothing is queued: say whether what feeds it is gone, then [`Backlog::wait`].
    Idle {
        /// As the feed said last, behind all items that came before.
        gone: bool,
    },
    /// The feed was dropped, and nothing is left.
    Closed,
}

/// The other end, before there is a worker to wake.
pub struct BacklogEntrance<T>(Arc<Shared<T>>);

/// The end that is fed. It never blocks; dropping it ends the worker behind the last item.
pub struct Feed<T> {
    shared: Arc<Shared<T>>,
    worker: Thread,
}

impl<T> Backlog<T> {
    /// A backlog of at most `capacity` items, and its other end.
    pub fn new(capacity: usize) -> (Self, BacklogEntrance<T>) {
        let (gone, closed) = (AtomicBool::new(false), AtomicBool::new(false));
        let shared = Arc::new(Shared { queue: ArrayQueue::new(capacity), gone, closed });
        (Self(shared.clone()), BacklogEntrance(shared))
    }

    /// What to do next.
    pub fn next(&self) -> Next<T> {
        // Both are read before the queue, so that items pushed before they were set are still found.
        let closed = self.0.closed.load(Ordering::Acquire);
        let gone = self.0.gone.load(Ordering::Acquire);
        match self.0.queue.pop() {
            Some(item) => Next::Item(item),
            None if closed => Next::Closed,
            None => Next::Idle { gone },
        }
    }

    /// Blocks the worker until something changes; it may also return early.
    pub fn wait(&self) {
        park();
    }

    /// Whether the feed was dropped.
    pub fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::Acquire)
    }
}

impl<T> Clone for Backlog<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> BacklogEntrance<T> {
    /// The end that is fed, which wakes the thread `worker`.
    pub fn to(self, worker: Thread) -> Feed<T> {
        Feed { shared: self.0, worker }
    }
}

impl<T> Feed<T> {
    /// Takes out the oldest item if the backlog is full.
    pub fn make_room(&self) -> Option<T> {
        if self.shared.queue.is_full() { self.shared.queue.pop() } else { None }
    }

    /// Queues an item. Returns the oldest if that had to give way.
    pub fn push(&self, item: T) -> Option<T> {
        let superseded = self.shared.queue.force_push(item);
        self.worker.unpark();
        superseded
    }

    /// Says that no items come for now, or that they come again.
    pub fn gone(&self, gone: bool) {
        self.shared.gone.store(gone, Ordering::Release);
        self.worker.unpark();
    }
}

impl<T> Drop for Feed<T> {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::Release);
        self.worker.unpark();
    }
}
