//! What stands behind the router.

use frame::{CameraId, FrameRef};

/// Somebody behind the router. Offers come from the router's thread and must not block.
pub trait FrameConsumer: Send {
    /// Takes the frame, or counts its loss in the consumer's own account.
    fn offer(&mut self, frame: &FrameRef);

    /// The camera delivers nothing from here on (`true`), or delivers again. Comes in order with its frames.
    fn camera_gone(&mut self, camera: CameraId, gone: bool) {
        let _ = (camera, gone);
    }
}
