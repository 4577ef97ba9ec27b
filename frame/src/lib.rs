//! The vocabulary of all genlock crates: frames, times, identities, and the accounts of loss.
//!
//! No I/O, no threads. Units are in the names: `_ns`, `_px`.

#![warn(missing_docs)]

mod ids;
mod ledger;
#[cfg(loom)]
#[doc(hidden)]
pub mod model_queue;
mod picture;
mod pool;
mod problem;
mod sync;
mod time;

pub use ids::{CameraId, SegmentId, SetIndex, SourcePosition, TriggerIndex};
pub use ledger::{EdgeAccount, EdgeCounts, LossLedger, LossReason};
pub use picture::{BayerPattern, Encoding, Picture, PixelFormat, Plane};
pub use pool::{BufferPool, DeviceStamp, Frame, FrameInfo, FrameRef, Quota, Slot};
pub use problem::Problem;
pub use time::{ClockId, HostTime, monotonic_now_ns};
