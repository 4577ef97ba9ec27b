//! A rig described in TOML, checked before anything opens.
//!
//! There is no field for intrinsics or extrinsics, and there will be none: genlock learns without calibration. What a
//! file says is first read into wire types that deny unknown keys, then converted to [`Rig`], whose values are valid.
//! Values that are valid but unwise give [`Warning`]s. `examples/rig.toml` shows every key,
//! `examples/virtual-rig.toml` the cameras of a virtual studio.

#![warn(missing_docs)]

mod check;
mod rig;
mod warning;
mod wire;

use std::path::Path;

use settings::Document;

pub use rig::{
    Camera, CameraFormat, CameraSettings, Driver, Exposes, LOCAL, Link, LinkClock, Page, People, Recording, Rig,
    SafeName, Subject, SyncHealth, Trigger, TriggerMode,
};
pub use settings::SettingsError as ConfigError;
pub use warning::Warning;

/// The version of the file format.
pub const VERSION: u32 = 1;

/// Most cameras of a rig: who is missing in a frame set is a mask of 32 bits.
pub const MAX_CAMERAS: usize = 32;

impl Rig {
    /// Reads a rig from TOML text. `origin` is its file name in errors.
    ///
    /// # Errors
    /// The first thing that is wrong, with its line, its key and a remedy.
    pub fn from_toml_str(text: &str, origin: &str) -> Result<(Self, Vec<Warning>), ConfigError> {
        check::rig(wire::parse(&Document::new(text, origin))?, origin, None)
    }

    /// Reads a rig file. Scenarios that it names are meant from where it lies.
    ///
    /// # Errors
    /// As [`Rig::from_toml_str`], or that the file cannot be read.
    pub fn read(path: impl AsRef<Path>) -> Result<(Self, Vec<Warning>), ConfigError> {
        let path = path.as_ref();
        let document = Document::read(path)?;
        check::rig(wire::parse(&document)?, document.origin(), path.parent())
    }

    /// The rig as TOML that [`Rig::from_toml_str`] reads back to the same rig, with every default written out.
    pub fn to_toml(&self) -> String {
        toml::to_string(&wire::WireRig::from(self)).expect("a rig has only keys and values that TOML can hold")
    }
}

#[cfg(test)]
mod tests;
