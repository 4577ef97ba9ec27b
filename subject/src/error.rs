//! Errors of making samples from frames.

use frame::{CameraId, Encoding, FrameInfo};
use thiserror::Error;

/// Why a frame cannot become a sample.
#[derive(Debug, Error)]
pub enum SubjectError {
    /// An invalid setting; the text names it and its valid values.
    #[error("{0}")]
    Config(String),
    /// One picture is unusable. The next may be fine.
    #[error("{camera}, frame {sequence}: {fault}")]
    Picture {
        /// The camera of its frame.
        camera: CameraId,
        /// The sequence number of its frame.
        sequence: u64,
        /// What is wrong with it.
        fault: PictureFault,
    },
    /// No picture was given for a background.
    #[error("a background needs at least one picture, and there was none")]
    NoPictures,
}

impl SubjectError {
    /// An error about the picture of a frame.
    pub fn picture(info: &FrameInfo, fault: impl Into<PictureFault>) -> Self {
        Self::Picture { camera: info.camera, sequence: info.sequence, fault: fault.into() }
    }
}

/// What is wrong with one picture.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum PictureFault {
    #[error("the JPEG is damaged: {0}")]
    Jpeg(#[from] turbojpeg::Error),
    #[error("{0:?} cannot be turned into crops; let the camera send MJPEG or raw pictures")]
    Encoding(Encoding),
    #[error("the picture is {width_px}×{height_px} px, outside of what can be handled (1×1 to 16384×16384)")]
    Size { width_px: u32, height_px: u32 },
    #[error("the frame holds {bytes} bytes where its picture needs {needed}")]
    Short { bytes: usize, needed: usize },
    #[error("the description of its planes is inconsistent")]
    Planes,
    #[error("its picture is {got:?} px, the background's {expected:?} px")]
    Mismatch { got: (u32, u32), expected: (u32, u32) },
    #[error("resizing failed: {0}")]
    Resize(#[from] fast_image_resize::ResizeError),
}
