//! The drivers, each behind a cargo feature.

#[cfg(feature = "aravis")]
pub mod aravis;
#[cfg(feature = "gstreamer")]
pub mod gstreamer;
#[cfg(any(feature = "nokhwa", feature = "v4l2"))]
mod jpeg;
#[cfg(any(feature = "nokhwa", feature = "v4l2"))]
mod kernel_stamp;
#[cfg(feature = "nokhwa")]
pub mod nokhwa;
#[cfg(feature = "replay")]
pub mod replay;
#[cfg(feature = "simulated")]
pub mod simulated;
#[cfg(feature = "v4l2")]
pub mod v4l2;
