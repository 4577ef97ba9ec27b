//! Captures frames from cameras and passes them through rings to the router.
//!
//! Each camera has a driver, a thread that this crate owns, a fixed pool of buffers and a lock-free ring to the one
//! router thread, which offers every frame to each consumer. A driver never waits for a consumer.

#![warn(missing_docs)]

mod camera;
mod capture;
#[cfg(feature = "conformance")]
pub mod conformance;
mod driver;
pub mod drivers;
mod event;
mod firing;
mod timing;
pub mod trigger;

pub use camera::{CameraSpec, OpenDriver, Role};
pub use capture::{Capture, CaptureError, CaptureOptions, RemoteCamera};
pub use driver::{CameraDriver, DeviceClock, DriverError, DriverEvent, Health, Latch, Stamp, Unit};
pub use event::{CameraEvent, CaptureEvent, CaptureEventKind, TriggerEvent};
pub use frame_sync::timing::PulseTrain;
pub use router::FrameConsumer;
pub use trigger::{Published, PulseBoard, Pulses, TriggerError, TriggerSource};
