//! Clips from files of any kind that holds them.

use std::path::Path;

use super::bvh::Bvh;
use super::{Clip, retarget};
use crate::AssetError;

impl Clip {
    /// Endings of the files that hold clips.
    pub const ENDINGS: [&str; 2] = ["bvh", Self::PACKED];
    /// The ending of packed ones.
    pub const PACKED: &str = "clip";

    /// Reads a packed clip or, by its ending, a BVH file.
    ///
    /// # Errors
    /// The file cannot be read or is neither, or its skeleton is no human that is known.
    pub fn load(path: &Path) -> Result<Self, AssetError> {
        if path.extension().is_some_and(|ending| ending == Self::PACKED) {
            let bytes = std::fs::read(path).map_err(AssetError::io(path))?;
            return Self::unpack(&bytes, path);
        }
        retarget::retarget(&Bvh::load(path)?, path)
    }
}
