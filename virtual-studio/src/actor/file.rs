//! Actors from files of any kind that holds them.

use std::path::Path;

use super::gltf::LoadOptions;
use super::{Actor, gltf};
use crate::AssetError;

impl Actor {
    /// Endings of the files that hold people.
    pub const ENDINGS: [&str; 3] = ["glb", "gltf", Self::PACKED];
    /// The ending of packed ones.
    pub const PACKED: &str = "person";

    /// Reads a packed actor or, by its ending, a glTF file. Textures of packed ones stay as they are.
    ///
    /// # Errors
    /// The file cannot be read or is no rigged human.
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
