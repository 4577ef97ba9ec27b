//! From the cameras' threads to the consumers: a lock-free lane for each camera, and the one thread that empties them.
//!
//! A camera's end of its lane is an [`Outlet`], which waits for nobody. [`route`] moves frames from all lanes to all
//! consumers. `tests/models.rs` looks at what the two may do to each other in every order.

mod consumer;
mod lane;
#[cfg(loom)]
mod model_ring;
#[cfg(loom)]
mod model_thread;
mod outlet;
mod route;
mod sync;

pub use consumer::FrameConsumer;
pub use lane::{Entrance, Lane};
#[cfg(loom)]
pub use model_thread::{Thread, current};
pub use outlet::Outlet;
pub use route::route;
