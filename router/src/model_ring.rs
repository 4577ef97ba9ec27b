//! A ring that loom can check, in place of ringbuf's: the same indices and flag, accessed with the same memory
//! orderings as in `ringbuf` 0.6.

use std::cell::Cell;

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

struct Ring<T> {
    slots: Vec<UnsafeCell<Option<T>>>,
    /// Counts of all values ever read and written.
    read: AtomicUsize,
    write: AtomicUsize,
    write_held: AtomicBool,
}

// SAFETY: a slot belongs to the producer until `write` says so, and to the consumer until `read` does. loom checks it.
unsafe impl<T: Send> Sync for Ring<T> {}

/// The writing end. Each end caches its own index and the last seen index of the other.
pub struct Producer<T> {
    ring: Arc<Ring<T>>,
    read: usize,
    write: usize,
}

/// The reading end.
pub struct Consumer<T> {
    ring: Arc<Ring<T>>,
    read: usize,
    write: Cell<usize>,
}

/// The two ends of a ring.
pub fn ring<T>(capacity: usize) -> (Producer<T>, Consumer<T>) {
    let ring = Arc::new(Ring {
        slots: (0..capacity).map(|_| UnsafeCell::new(None)).collect(),
        read: AtomicUsize::new(0),
        write: AtomicUsize::new(0),
        write_held: AtomicBool::new(true),
    });
    (Producer { ring: ring.clone(), read: 0, write: 0 }, Consumer { ring, read: 0, write: Cell::new(0) })
}

impl<T> Producer<T> {
    /// Writes a value, or returns it if the ring is full.
    pub fn try_push(&mut self, value: T) -> Result<(), T> {
        let capacity = self.ring.slots.len();
        if self.write - self.read == capacity {
            self.read = self.ring.read.load(Ordering::Acquire);
        }
        if self.write - self.read == capacity {
            return Err(value);
        }
        // SAFETY: the consumer does not look at this slot before `write` is beyond it.
        self.ring.slots[self.write % capacity].with_mut(|slot| unsafe { *slot = Some(value) });
        self.write += 1;
        self.ring.write.store(self.write, Ordering::Release);
        Ok(())
    }
}

impl<T> Drop for Producer<T> {
    fn drop(&mut self) {
        self.ring.write_held.swap(false, Ordering::AcqRel);
    }
}

impl<T> Consumer<T> {
    /// Reads the oldest value; `None` if the ring is empty.
    pub fn try_pop(&mut self) -> Option<T> {
        if self.read == self.write.get() && self.is_empty() {
            return None;
        }
        let capacity = self.ring.slots.len();
        // SAFETY: the producer does not look at this slot before `read` is beyond it.
        let value = self.ring.slots[self.read % capacity].with_mut(|slot| unsafe { (*slot).take() });
        self.read += 1;
        self.ring.read.store(self.read, Ordering::Release);
        value
    }

    /// Whether there is nothing to read now.
    pub fn is_empty(&self) -> bool {
        self.write.set(self.ring.write.load(Ordering::Acquire));
        self.read == self.write.get()
    }

    /// Whether the writing end still exists.
    pub fn write_is_held(&self) -> bool {
        self.ring.write_held.load(Ordering::Acquire)
    }
}
