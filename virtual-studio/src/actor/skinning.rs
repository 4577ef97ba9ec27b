//! Linear blend skinning.

use glam::{Affine3A, Vec3A};

use crate::surface::Shape;

use super::mesh::SkinnedVertex;
use super::skeleton::BONES;

/// Moves resting vertices with their bones. Allocates only until `out` has its full size.
pub(crate) fn skin(vertices: &[SkinnedVertex], placed: &[Affine3A; BONES], out: &mut Shape) {
    out.positions.resize(vertices.len(), [0.0; 3]);
    out.normals.resize(vertices.len(), [0.0; 3]);
    let places = out.positions.iter_mut().zip(&mut out.normals);
    for (vertex, (position, normal)) in vertices.iter().zip(places) {
        let moved = blend(vertex, placed);
        *position = moved.transform_point3a(vertex.position).to_array();
        *normal = (moved.matrix3 * vertex.normal).normalize_or(Vec3A::Y).to_array();
    }
}

/// The blended transform of one vertex.
pub(crate) fn blend(vertex: &SkinnedVertex, placed: &[Affine3A; BONES]) -> Affine3A {
    let mut moved = placed[usize::from(vertex.bones[0])];
    if vertex.weights[1] > 0.0 {
        moved = scaled(moved, vertex.weights[0]);
        for (bone, weight) in vertex.influences().skip(1) {
            let with = scaled(placed[bone], weight);
            moved.matrix3 += with.matrix3;
            moved.translation += with.translation;
        }
    }
    moved
}

fn scaled(affine: Affine3A, by: f32) -> Affine3A {
    Affine3A { matrix3: affine.matrix3 * by, translation: affine.translation * by }
}
