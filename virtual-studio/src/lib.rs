//! Synthetic people in front of synthetic cameras, with exact labels.
//!
//! World frame: right-handed, metres, y up, the floor at y = 0. A camera's frame: x right, y down, z forward.

pub mod actor;
mod asset_error;
pub mod assets;
pub mod live_studio;
pub mod motion;
mod packed;
pub mod render;
pub mod rig;
pub mod scene;
mod seed;
pub mod session;
pub mod surface;
pub mod trigger;

pub use asset_error::AssetError;
