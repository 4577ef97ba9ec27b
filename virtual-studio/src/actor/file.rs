//! Actors from files of any supported format.

use std::path::Path;

use super::gltf::LoadOptions;
use super::{Actor, gltf};
use crate::AssetError;

impl Actor {
    /// File extensions of people.
    pub const ENDINGS: [&str; 3] = ["glb", "gltf", Self::PACKED];
    /// File extension of packed people.
    pub const PACKED: &str = "person";

    /// Reads a packed actor or, by its extension, a glTF file. Textures of packed ones are unchanged.
    ///
    /// # Errors
    /// The file cannot be read or is not a rigged human.
    pub fn load(path: &Path, options: LoadOptions) -> Result<Self, AssetError> {
        if path.extension().is_none_or(|ending| ending != Self::PACKED) {
            return gltf::load(path, options);
        }
        let bytes = std::fs::read(path).map_err(AssetError::io(path))?;
        let mut actor = Self::unpack(&bytes, path)?;
        options.triangles.into_iter().for_each(|triangles| actor.decimate(triangles));
        Ok(actor)
    }
}
