//! The trait of the router's consumers.

use frame::{CameraId, FrameRef};

/// Receives frames from the router. Its methods are called from the router's thread and must not block.
pub trait FrameConsumer: Send {
    /// Takes the frame, or counts its loss in the consumer's own account.
    fn offer(&mut self, frame: &FrameRef);

    /// The camera stops delivering (`true`), or delivers again. Called in order with its frames.
    fn camera_gone(&mut self, camera: CameraId, gone: bool) {
        let _ = (camera, gone);
    }
}
