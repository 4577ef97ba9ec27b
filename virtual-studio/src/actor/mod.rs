//! People: a rigged body, moved by [poses](BodyPose), with its labels.
//!
//! An [`Actor`] comes from a [glTF file](gltf) or is [built in](procedural); [`Looks`] and
//! [`Proportions`] vary it by seed.
//! Every body is brought to one [skeleton] when it is made: bones that the canonical human lacks (fingers, eyes) are
//! rigidly part of those that it has.

mod atlas;
mod blur;
mod cap;
mod error;
pub mod gltf;
mod labels;
mod library;
pub mod looks;
mod mesh;
mod names;
pub mod procedural;
mod proportions;
mod rig;
pub mod skeleton;
mod skinning;

use std::sync::Arc;

use glam::{Vec3, Vec3A};

pub use error::ActorError;
pub use library::{ActorEntry, ActorLibrary, identity};
pub use looks::Looks;
pub use proportions::Proportions;
pub use skeleton::{BONES, BodyPose, Bone};

pub(crate) use names::is_required;
pub(crate) use rig::{arc, facing};

use crate::surface::{Part, Posed};
use labels::Landmarks;
use mesh::{Mesh, Vertex};
use rig::Rig;

/// A person who can take poses.
#[derive(Clone, Debug)]
pub struct Actor {
    parts: Vec<Part>,
    /// By part.
    vertices: Vec<Vec<Vertex>>,
    /// The part with skin and clothes.
    body: usize,
    /// Vertices among which the lowest of any pose is, to a few millimetres.
    hull: Vec<Vertex>,
    rig: Rig,
    landmarks: Landmarks,
}

impl Actor {
    /// Puts a body together that faces +Z, on the floor and with its hips above the origin. The mesh with the most
    /// vertices is the body, the others are hair and the like. `None` without a head.
    fn assemble(mut rest: [Vec3; BONES], mut meshes: Vec<Mesh>) -> Option<Self> {
        let heights = meshes.iter().flat_map(|mesh| &mesh.vertices).map(|vertex| vertex.position.y);
        let floor = heights.fold(f32::INFINITY, f32::min);
        let to_origin = -Rig::new(rest).hip_centre().with_y(floor);
        rest.iter_mut().for_each(|point| *point += to_origin);
        for vertex in meshes.iter_mut().flat_map(|mesh| &mut mesh.vertices) {
            vertex.position += Vec3A::from(to_origin);
        }
        let rig = Rig::new(rest);
        let body = (0..meshes.len()).max_by_key(|&mesh| meshes[mesh].vertices.len())?;
        let landmarks = Landmarks::find(&meshes[body], &rig)?;
        let hull = hull(&meshes[body].vertices);
        let (parts, vertices) = meshes
            .into_iter()
            .map(|Mesh { vertices, uvs, triangles, texture }| (Part { uvs, triangles, texture }, vertices))
            .unzip();
        Some(Self { parts, vertices, body, hull, rig, landmarks })
    }

    /// What is drawn, in the order of [`Posed::shapes`].
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Skins the body. `out` may come from any actor and keeps its memory.
    pub fn pose(&self, at: &BodyPose, out: &mut Posed) {
        let placed = self.rig.place(at);
        out.shapes.resize_with(self.vertices.len(), Default::default);
        for (vertices, shape) in self.vertices.iter().zip(&mut out.shapes) {
            skinning::skin(vertices, &placed, shape);
        }
        out.joints = labels::joints(&placed, &self.rig, &self.landmarks);
    }

    /// The 17 joints alone, as [`Self::pose`] gives them.
    pub fn joints(&self, at: &BodyPose) -> [[f32; 3]; pose::JOINTS] {
        labels::joints(&self.rig.place(at), &self.rig, &self.landmarks)
    }

    /// The height of the body's lowest point above the floor, metres, to a few millimetres.
    pub fn lowest_m(&self, at: &BodyPose) -> f32 {
        let placed = self.rig.place(at);
        let height = |vertex: &Vertex| skinning::blend(vertex, &placed).transform_point3a(vertex.position).y;
        self.hull.iter().map(height).fold(f32::INFINITY, f32::min)
    }

    /// From the floor to the top of the head, standing.
    pub fn height_m(&self) -> f32 {
        self.landmarks.crown.y
    }

    /// Thigh plus shin: what a [`BodyPose::root`] is measured in.
    pub fn leg_m(&self) -> f32 {
        self.rig.leg_m
    }

    /// Leaves no texel without colour, so that textures can be filtered and mip-mapped.
    fn dilate_textures(&mut self) {
        for (part, vertices) in self.parts.iter_mut().zip(&self.vertices) {
            let patches = atlas::patches(part, vertices);
            atlas::dilate(Arc::make_mut(&mut part.texture), |texel| patches[texel].is_some());
        }
    }

    /// The meshes that the actor is made of.
    fn meshes(&self) -> impl Iterator<Item = Mesh> + '_ {
        self.parts.iter().zip(&self.vertices).map(|(part, vertices)| Mesh {
            vertices: vertices.clone(),
            uvs: part.uvs.clone(),
            triangles: part.triangles.clone(),
            texture: part.texture.clone(),
        })
    }
}

/// By bone, the vertices that reach furthest in each of 26 directions.
fn hull(vertices: &[Vertex]) -> Vec<Vertex> {
    let step = |index: usize| [-1.0, 0.0, 1.0][index % 3];
    let directions: Vec<_> =
        (0..27).filter_map(|i| Vec3::new(step(i), step(i / 3), step(i / 9)).try_normalize()).map(Vec3A::from).collect();
    let mut best = vec![(f32::NEG_INFINITY, usize::MAX); BONES * directions.len()];
    for (index, vertex) in vertices.iter().enumerate() {
        let row = usize::from(vertex.bones[0]) * directions.len();
        for (direction, best) in directions.iter().zip(&mut best[row..]) {
            let reach = direction.dot(vertex.position);
            if reach > best.0 {
                *best = (reach, index);
            }
        }
    }
    let mut chosen: Vec<usize> = best.into_iter().map(|(_, index)| index).filter(|&i| i != usize::MAX).collect();
    chosen.sort_unstable();
    chosen.dedup();
    chosen.into_iter().map(|index| vertices[index]).collect()
}
