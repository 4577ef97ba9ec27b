//! What the renderer draws: textured triangles whose vertices move and whose topology does not.

use std::sync::Arc;

/// An sRGB picture that is laid over a surface. Texture coordinates run from the top left, `[0, 1]²`, and wrap.
#[derive(Clone, Debug, PartialEq)]
pub struct Texture {
    pub width: u32,
    pub height: u32,
    /// `height × width × 3`, rows from the top.
    pub rgb: Vec<u8>,
}

/// What stays the same while a surface moves.
#[derive(Clone, Debug)]
pub struct Part {
    /// One for each vertex.
    pub uvs: Vec<[f32; 2]>,
    /// Vertices of each triangle; both sides are drawn.
    pub triangles: Vec<[u32; 3]>,
    pub texture: Arc<Texture>,
}

/// Where a part's vertices are at one instant.
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

/// One actor in one motion: whoever draws needs no more of either.
pub trait Performance: Send {
    /// What does not change over the take.
    fn parts(&self) -> &[Part];

    /// How tall the person stands, from the floor to the top of the head, in metres.
    fn height_m(&self) -> f32;

    /// Where everything is at a time from the start of the motion, which never ends.
    fn pose(&self, time_s: f64, into: &mut Posed);

    /// [`Posed::joints`] alone, for whoever needs no more.
    fn joints(&self, time_s: f64) -> [[f32; 3]; 17];
}
