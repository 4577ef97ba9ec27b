//! Inputs of the renderer: textured triangles with moving vertices and a fixed topology.

use std::sync::Arc;

/// An sRGB texture. Coordinates run from the top left, `[0, 1]²`, and wrap.
#[derive(Clone, Debug, PartialEq)]
pub struct Texture {
    pub width: u32,
    pub height: u32,
    /// `height × width × 3`, rows from the top.
    pub rgb: Vec<u8>,
}

/// The constant data of a moving surface.
#[derive(Clone, Debug)]
pub struct Part {
    /// One for each vertex.
    pub uvs: Vec<[f32; 2]>,
    /// Vertices of each triangle; both sides are drawn.
    pub triangles: Vec<[u32; 3]>,
    pub texture: Arc<Texture>,
}

/// A part's vertices at one instant.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    /// World frame, metres.
    pub positions: Vec<[f32; 3]>,
    /// Unit length.
    pub normals: Vec<[f32; 3]>,
}

/// A person at one instant.
#[derive(Clone, Debug, Default)]
pub struct Posed {
    /// One for each part of the actor.
    pub shapes: Vec<Shape>,
    /// The 17 joints in Human3.6M's order, taken from the skinned body. World frame, metres.
    pub joints: [[f32; 3]; 17],
}

/// One actor in one motion, as the renderer sees them.
pub trait Performance: Send {
    /// The parts, which are constant over the take.
    fn parts(&self) -> &[Part];

    /// Standing height of the person, from the floor to the top of the head, in metres.
    fn height_m(&self) -> f32;

    /// The pose at a time from the start of the motion, which never ends.
    fn pose(&self, time_s: f64, into: &mut Posed);

    /// Only [`Posed::joints`].
    fn joints(&self, time_s: f64) -> [[f32; 3]; 17];
}
