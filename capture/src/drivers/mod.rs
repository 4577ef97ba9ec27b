//! The drivers, each behind a cargo feature.

#[cfg(feature = "gstreamer")]
pub mod gstreamer;
#[cfg(feature = "nokhwa")]
pub mod nokhwa;
#[cfg(feature = "replay")]
pub mod replay;
#[cfg(feature = "simulated")]
pub mod simulated;
