//! The newest small picture of each camera, for the viewer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A camera's frame, made smaller.
#[derive(Clone, Debug, PartialEq)]
pub struct RerunPicture {
    /// Of the picture, in pixels.
    pub width_px: u16,
    /// Of the frame, in pixels.
    pub frame_width_px: u16,
    /// Start of exposure, `CLOCK_MONOTONIC`.
    pub exposure_ns: i64,
    /// The picture's file.
    pub jpeg: Vec<u8>,
}

/// Takes pictures at one end, and gives each at most once at the other. Clones share them.
#[derive(Clone, Default)]
pub struct RerunPictures(Arc<Mutex<BTreeMap<String, RerunPicture>>>);

impl RerunPictures {
    /// The newest picture of the camera of this name.
    pub fn set(&self, camera: &str, picture: RerunPicture) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(camera.to_owned(), picture);
    }

    /// The pictures that came since the last call, by camera.
    pub(super) fn take(&self) -> BTreeMap<String, RerunPicture> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
