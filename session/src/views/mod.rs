//! Cropped views: the interface between cameras and frame sets. They come from the croppers of this host's cameras, and
//! from peer hosts, which crop their own.

pub mod local;
pub mod picture_plan;
pub mod preview;

use frame::CameraId;
use transport::CroppedView;

/// An input of the assembler; in order for each camera.
// Few are queued at a time, and a box for each would cost more than the space.
#[allow(clippy::large_enum_variant)]
pub enum ViewEvent {
    View(CroppedView),
    /// The camera delivers nothing from here on (`true`), or delivers again.
    Gone(CameraId, bool),
}
