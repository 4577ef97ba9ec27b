//! Synchronisation primitives: those of the standard library, crossbeam and ringbuf, or loom's for the models.

#[cfg(not(loom))]
mod real {
    pub use std::sync::Arc;
    pub use std::sync::atomic::{AtomicBool, Ordering};
    pub use std::thread::{Thread, park};

    pub use crossbeam::queue::ArrayQueue;
    pub use ringbuf::traits::{Consumer as Pop, Observer as Observe, Producer as Push};
    pub use ringbuf::{HeapCons as Consumer, HeapProd as Producer};

    /// The two ends of a ring.
    pub fn ring<T>(capacity: usize) -> (Producer<T>, Consumer<T>) {
        ringbuf::traits::Split::split(ringbuf::HeapRb::new(capacity))
    }
}

#[cfg(loom)]
mod real {
    pub use frame::model_queue::ArrayQueue;
    pub use loom::sync::Arc;
    pub use loom::sync::atomic::{AtomicBool, Ordering};

    pub use crate::model_ring::{Consumer, Producer, ring};
    pub use crate::model_thread::{Thread, park};
}

pub(crate) use real::*;
