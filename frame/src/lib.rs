//! The words that every other genlock crate speaks: pictures, times, identities, and the accounts of loss.
//!
//! No I/O, no serialisation, no threads. Units are in the names: `_ns`, `_px`.

mod ids;
mod ledger;
#[cfg(loom)]
mod model_queue;
mod picture;
mod pool;
mod sync;
mod time;

pub use ids::{CameraId, SegmentId, SetIndex, SourcePosition, TriggerIndex};
pub use ledger::{EdgeAccount, EdgeCounts, LossLedger, LossReason};
pub use picture::{BayerPattern, Encoding, Picture, PixelFormat, Plane};
pub use pool::{BufferPool, DeviceStamp, Frame, FrameInfo, FrameRef, Quota, Slot};
pub use time::{ClockId, HostTime, monotonic_now_ns};
