//! A crop with its mask, the input of the networks.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The square of a frame that a crop shows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Region {
    /// Centre in pixels of the full frame, x right and y down, the middle of the first pixel at 0.5.
    pub centre_px: [f32; 2],
    /// Side in pixels of the full frame.
    pub side_px: f32,
}

/// Identifies the background that a mask was made against. It changes whenever the background is retaken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BackgroundId(pub u64);

/// A crop around the subject, as a network sees it before its normalisation: the plain picture and the mask, so
/// that a task may remove the background, replace it or keep it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Side of the crop in pixels.
    pub size_px: u16,
    /// `[size, size, 3]` RGB, rows from the top.
    pub rgb: Arc<[u8]>,
    /// `[size, size]`, 255 on the subject and 0 elsewhere.
    pub mask: Arc<[u8]>,
    /// What the crop shows of the frame.
    pub region: Region,
    /// The background that the mask was made against.
    pub background: BackgroundId,
}
