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

/// A webcam or capture card as the system names it.
#[cfg(any(feature = "nokhwa", feature = "v4l2"))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundWebcam {
    /// The value of `source` in a rig file.
    pub device: String,
    /// Its name for people, such as its model.
    pub name: String,
    /// Its interface and path; or why it cannot be used.
    pub description: String,
}
