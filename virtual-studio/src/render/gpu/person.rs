//! The person in the card's memory.

use std::ops::Range;

use bytemuck::cast_slice;
use wgpu::{BindGroup, Buffer, BufferUsages, IndexFormat, RenderPass};

use super::card::Card;
use crate::render::lit_scene::Scene;
use crate::surface::Part;

/// The person in the card's memory.
pub(super) struct PersonBuffers {
    /// Position and light of each vertex, updated for each instant.
    standing: Buffer,
    uvs: Buffer,
    triangles: Buffer,
    /// Indices of each part, and its texture.
    parts: Vec<(Range<u32>, BindGroup)>,
}

impl PersonBuffers {
    pub fn new(card: &Card, parts: &[Part], scene: &Scene) -> Self {
        let uvs: Vec<[f32; 2]> = scene.uvs.iter().map(|uv| uv.to_array()).collect();
        let starts = std::iter::once(0).chain(scene.ends.iter().copied());
        let ranges = starts.zip(&scene.ends).map(|(start, end)| 3 * start..3 * end);
        let standing = (size_of::<[f32; 6]>() * uvs.len()) as u64;
        Self {
            standing: card.empty(standing, BufferUsages::VERTEX | BufferUsages::COPY_DST),
            uvs: card.filled(cast_slice(&uvs), BufferUsages::VERTEX),
            triangles: card.filled(cast_slice(&scene.triangles), BufferUsages::INDEX),
            parts: ranges.zip(parts.iter().map(|part| card.skin(&part.texture))).collect(),
        }
    }

    /// Uploads positions and light of the body.
    pub fn stand(&self, card: &Card, scene: &Scene) {
        let vertices: Vec<[[f32; 3]; 2]> = (scene.positions.iter().zip(&scene.light))
            .map(|(position, light)| [position.to_array(), light.to_array()])
            .collect();
        card.queue.write_buffer(&self.standing, 0, cast_slice(&vertices));
    }

    pub fn draw(&self, pass: &mut RenderPass) {
        for (indices, skin) in self.parts.iter().filter(|(indices, _)| !indices.is_empty()) {
            pass.set_vertex_buffer(0, self.standing.slice(..));
            pass.set_vertex_buffer(1, self.uvs.slice(..));
            pass.set_index_buffer(self.triangles.slice(..), IndexFormat::Uint32);
            pass.set_bind_group(1, skin, &[]);
            pass.draw_indexed(indices.clone(), 0, 0..1);
        }
    }
}
