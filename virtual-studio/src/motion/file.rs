//! Clips from files of any supported format.

use std::path::Path;

use super::bvh::Bvh;
use super::{Clip, retarget};
use crate::AssetError;

impl Clip {
    /// File extensions of clips.
    pub const ENDINGS: [&str; 2] = ["bvh", Self::PACKED];
    /// File extension of packed clips.
    pub const PACKED: &str = "clip";

    /// Reads a packed clip or, by its extension, a BVH file.
    ///
    /// # Errors
    /// The file cannot be read, has another format, or has an unknown skeleton.
    pub fn load(path: &Path) -> Result<Self, AssetError> {
        if path.extension().is_some_and(|ending| ending == Self::PACKED) {
            let bytes = std::fs::read(path).map_err(AssetError::io(path))?;
            return Self::unpack(&bytes, path);
        }
        retarget::retarget(&Bvh::load(path)?, path)
    }
}
