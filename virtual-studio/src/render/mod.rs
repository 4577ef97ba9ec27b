//! From a body, a set and a camera to a picture with an exact mask.
//!
//! [`Renderer`] is what a [`Backend`] offers; [`Cpu`] is the one that needs no driver and no GPU, `Gpu` (cargo feature
//! `gpu`) gives the triangles to a graphics card. The person is drawn as triangles (`raster`), lit once for each vertex
//! and instant; everything that stands still (`set`) is met by rays and kept as a `backdrop` for as long as the camera
//! does not move.
//!
//! The crate `euc` 0.5 was measured to take 1.6 to 2.3 times as long for the same triangles, people of 42,840 of them.

mod area;
mod backdrop;
mod backend;
mod block;
mod colour;
mod contact;
mod cpu;
pub mod effects;
mod environment;
mod floor;
#[cfg(feature = "gpu")]
mod gpu;
mod gpu_error;
mod light;
mod lit_scene;
mod pattern;
mod raster;
mod rays;
mod room;
mod set;
mod shadow;
mod tiled_texture;

pub use backend::Backend;
pub use block::Block;
pub(crate) use colour::to_srgb;
pub use cpu::Cpu;
pub use environment::{Environment, Sky};
#[cfg(feature = "gpu")]
pub use gpu::{Card, Gpu};
pub use gpu_error::GpuError;
pub use light::{Light, Sun};
pub use pattern::{Grain, Pattern};
pub use room::{Panel, Room};
pub use set::{Set, Surround};

use crate::rig::VirtualCamera;
use crate::surface::Posed;

/// What one camera sees at one instant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RenderedPicture {
    pub width: u32,
    pub height: u32,
    /// sRGB, `height × width × 3`, rows from the top.
    pub rgb: Vec<u8>,
    /// How much of each pixel the visible part of the person covers, 0 to 255; `height × width`.
    pub mask: Vec<u8>,
    /// Distance to the nearest surface along the camera's axis, metres; infinite where there is none.
    pub depth_m: Vec<f32>,
}

/// A camera and how it exposes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shot {
    pub camera: VirtualCamera,
    /// Factors on red, green and blue on top of the set's own exposure: exposure and white balance.
    pub gain: [f32; 3],
}

/// Draws one set and one actor. Equal calls give equal pixels on one backend.
pub trait Renderer: Send {
    /// The body of the pictures that follow.
    fn set_body(&mut self, body: &Posed);

    /// One picture. `view` says which camera of the rig it is, so that what stands still can be kept for it.
    fn draw(&mut self, view: usize, shot: &Shot) -> RenderedPicture;
}
