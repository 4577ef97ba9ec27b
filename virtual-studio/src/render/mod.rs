//! Renders a body, a set and a camera to a picture with an exact mask.
//!
//! A [`Backend`] provides a [`Renderer`]: [`Cpu`] needs no driver and no GPU, `Gpu` (cargo feature `gpu`) draws the
//! triangles on a graphics card. The person is drawn as triangles (`raster`), lit once per vertex and instant. Static
//! surfaces (`set`) are ray-traced and cached as a `backdrop` as long as the camera does not move.
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
    /// Coverage of each pixel by the visible part of the person, 0 to 255; `height × width`.
    pub mask: Vec<u8>,
    /// Distance to the nearest surface along the camera's axis, metres; infinite if there is none.
    pub depth_m: Vec<f32>,
}

/// A camera and its exposure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shot {
    pub camera: VirtualCamera,
    /// Factors on red, green and blue for exposure and white balance, in addition to the set's own exposure.
    pub gain: [f32; 3],
}

/// Draws one set and one actor. On one backend, equal calls give equal pixels.
pub trait Renderer: Send {
    /// Sets the body of the next pictures.
    fn set_body(&mut self, body: &Posed);

    /// Draws one picture. `view` is the camera's index in the rig, for which the static surfaces are cached.
    fn draw(&mut self, view: usize, shot: &Shot) -> RenderedPicture;
}
