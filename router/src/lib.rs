//! Routes frames from camera threads to consumers: a lock-free lane for each camera, and one thread that drains them
//! all.
//!
//! A camera's end of its lane is an [`Outlet`], which never blocks. [`route`] moves frames from all lanes to all
//! consumers. A consumer that works in a thread of its own passes them on by a [`Backlog`]. `tests/models.rs` checks all
//! interleavings.

#![warn(missing_docs)]

mod backlog;
mod consumer;
mod lane;
#[cfg(loom)]
mod model_ring;
#[cfg(loom)]
mod model_thread;
mod outlet;
mod route;
mod sync;

pub use backlog::{Backlog, BacklogEntrance, Feed, Next};
pub use consumer::FrameConsumer;
pub use lane::{Entrance, Lane};
#[cfg(loom)]
pub use model_thread::{Thread, current};
pub use outlet::Outlet;
pub use route::route;
