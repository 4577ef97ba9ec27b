//! How the pictures of a session, rendered or imported, are held in memory.

use serde::{Deserialize, Serialize};

/// How pictures of a session are held.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct DataConfig {
    /// Side in pixels at which regions are held. At least `margin` × the crops' side, or crops lose sharpness.
    pub store_px: u16,
    /// Side of a region in units of the crop's, so that rolled and shifted crops find pictures at their corners.
    pub margin: f32,
    /// Of each take every n-th instant is held.
    pub every: u32,
    /// A session that needs more is refused, in 10⁹ bytes.
    pub memory_gb: f64,
}

impl Default for DataConfig {
    fn default() -> Self {
        Self { store_px: 96, margin: 1.4, every: 1, memory_gb: 8.0 }
    }
}
