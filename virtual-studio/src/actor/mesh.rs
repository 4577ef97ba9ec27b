//! A body's surface at rest.

use std::sync::Arc;

use glam::{Vec3, Vec3A};

use crate::surface::Texture;

use super::skeleton::{BONES, Bone};

/// Maximum number of bones that move one vertex.
const INFLUENCES: usize = 4;

/// A vertex at rest and the bones that move it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SkinnedVertex {
    pub position: Vec3A,
    pub normal: Vec3A,
    /// Strongest first; unused from the first weight of zero on.
    pub bones: [u8; INFLUENCES],
    /// They sum to one.
    pub weights: [f32; INFLUENCES],
}

impl SkinnedVertex {
    /// A vertex with its strongest four influences; if there are none, that of the hips.
    pub fn new(position: Vec3, normal: Vec3, influences: impl IntoIterator<Item = (Bone, f32)>) -> Self {
        let mut by_bone = [0.0; BONES];
        for (bone, weight) in influences {
            by_bone[bone.index()] += weight.max(0.0);
        }
        let mut bones: [usize; BONES] = std::array::from_fn(|bone| bone);
        bones.sort_by(|&a, &b| by_bone[b].total_cmp(&by_bone[a]));
        let total: f32 = bones[..INFLUENCES].iter().map(|&bone| by_bone[bone]).sum();
        let weight = |i: usize| if total > 0.0 { by_bone[bones[i]] / total } else { f32::from(i == 0) };
        Self {
            position: position.into(),
            normal: normal.into(),
            bones: std::array::from_fn(|i| bones[i] as u8),
            weights: std::array::from_fn(weight),
        }
    }

    pub fn influences(&self) -> impl Iterator<Item = (usize, f32)> + '_ {
        let pairs = self.bones.iter().zip(&self.weights);
        pairs.take_while(|&(_, &weight)| weight > 0.0).map(|(&bone, &weight)| (usize::from(bone), weight))
    }

    /// The bone that moves it most.
    pub fn owner(&self) -> Bone {
        Bone::ALL[usize::from(self.bones[0])]
    }
}

/// A textured piece of a body at rest.
#[derive(Clone, Debug)]
pub(crate) struct Mesh {
    pub vertices: Vec<SkinnedVertex>,
    /// One for each vertex.
    pub uvs: Vec<[f32; 2]>,
    pub triangles: Vec<[u32; 3]>,
    pub texture: Arc<Texture>,
}

impl Mesh {
    /// Computes normals from the surrounding triangles, for meshes without normals. Vertices at the same position share
    /// them, so that seams of the texture are invisible.
    pub fn smooth(&mut self) {
        let mut sums = std::collections::HashMap::new();
        let key = |vertex: &SkinnedVertex| vertex.position.to_array().map(|value| (value * 1e5).round() as i32);
        for triangle in &self.triangles {
            let [a, b, c] = triangle.map(|index| self.vertices[index as usize].position);
            let normal = (b - a).cross(c - a);
            for &index in triangle {
                *sums.entry(key(&self.vertices[index as usize])).or_insert(Vec3A::ZERO) += normal;
            }
        }
        for vertex in &mut self.vertices {
            let sum = sums.get(&key(vertex)).copied().unwrap_or(Vec3A::ZERO);
            vertex.normal = sum.normalize_or(Vec3A::Y);
        }
    }

    /// The same surface with about `share` of its triangles, but with enough to keep its shape within a fiftieth of its
    /// size. Fine features, above all faces, lose a little detail.
    pub fn decimated(&self, share: f32) -> Self {
        let indices: Vec<u32> = self.triangles.iter().flatten().copied().collect();
        let positions: Vec<[f32; 3]> = self.vertices.iter().map(|vertex| vertex.position.to_array()).collect();
        let target = (indices.len() as f32 / 3.0 * share) as usize * 3;
        let kept = meshopt::simplify_decoder(&indices, &positions, target, 0.02, meshopt::SimplifyOptions::None, None);
        self.compacted(&kept)
    }

    /// Keeps only the vertices that these triangles use.
    fn compacted(&self, indices: &[u32]) -> Self {
        let mut new_index = vec![None; self.vertices.len()];
        let mut mesh =
            Self { vertices: Vec::new(), uvs: Vec::new(), triangles: Vec::new(), texture: self.texture.clone() };
        let mut place = |old: u32| {
            *new_index[old as usize].get_or_insert_with(|| {
                mesh.vertices.push(self.vertices[old as usize]);
                mesh.uvs.push(self.uvs[old as usize]);
                mesh.vertices.len() as u32 - 1
            })
        };
        let triangles = indices.as_chunks::<3>().0.iter().map(|triangle| triangle.map(&mut place)).collect();
        mesh.triangles = triangles;
        mesh
    }
}
