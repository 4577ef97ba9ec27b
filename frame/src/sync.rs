//! What pools and accounts share between threads: the standard library's and crossbeam's, or loom's for the models.

#[cfg(not(loom))]
mod real {
    pub use std::sync::Arc;
    pub use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

    pub use crossbeam::queue::ArrayQueue;
}

#[cfg(loom)]
mod real {
    pub use loom::sync::Arc;
    pub use loom::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

    pub use crate::model_queue::ArrayQueue;
}

pub(crate) use real::*;
