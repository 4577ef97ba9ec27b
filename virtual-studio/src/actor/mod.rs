//! People: a rigged body, moved by [poses](SkeletonPose), with its labels.
//!
//! An [`Actor`] comes from a [glTF file](gltf), [packed](Actor::pack) or not, or is [built in](procedural); [`Looks`]
//! and [`Proportions`] vary it by seed.
//! Every body is converted to one [skeleton]: bones that the canonical human lacks (fingers, eyes) become rigid parts
//! of those that it has.

mod armature;
mod atlas;
mod cap;
mod file;
pub mod gltf;
mod gltf_checks;
mod identity;
mod labels;
pub mod looks;
mod mesh;
mod names;
mod neighbourhood;
mod pack;
pub mod procedural;
mod proportions;
pub mod skeleton;
mod skinning;
mod texture;

use std::sync::Arc;

use glam::{Vec3, Vec3A};

pub use identity::identity;
pub use looks::Looks;
pub use proportions::Proportions;
pub use skeleton::{BONES, Bone, SkeletonPose};

pub(crate) use armature::{arc, facing};
pub(crate) use names::is_required;

use crate::surface::{Part, Posed};
use armature::Armature;
use labels::HeadPoints;
use mesh::{Mesh, SkinnedVertex};

/// A person who can take poses.
#[derive(Clone, Debug)]
pub struct Actor {
    parts: Vec<Part>,
    /// By part.
    vertices: Vec<Vec<SkinnedVertex>>,
    /// The part with skin and clothes.
    body: usize,
    /// Vertices that contain the lowest one of any pose, to a few millimetres.
    hull: Vec<SkinnedVertex>,
    armature: Armature,
    landmarks: HeadPoints,
}

impl Actor {
    /// Assembles a body that faces +Z. The mesh with the most vertices is the body, the others are hair and such.
    /// `None` without a head.
    fn assemble(rest: [Vec3; BONES], meshes: Vec<Mesh>) -> Option<Self> {
        let armature = Armature::new(rest);
        let body = (0..meshes.len()).max_by_key(|&mesh| meshes[mesh].vertices.len())?;
        let landmarks = HeadPoints::find(&meshes[body], &armature)?;
        let hull = hull(&meshes[body].vertices);
        let (parts, vertices) = meshes
            .into_iter()
            .map(|Mesh { vertices, uvs, triangles, texture }| (Part { uvs, triangles, texture }, vertices))
            .unzip();
        let mut actor = Self { parts, vertices, body, hull, armature, landmarks };
        actor.stand();
        Some(actor)
    }

    /// Moves the resting body onto the floor, with its hips above the origin.
    fn stand(&mut self) {
        let heights = self.vertices.iter().flatten().map(|vertex| vertex.position.y);
        let floor = heights.fold(f32::INFINITY, f32::min);
        let by = -self.armature.hip_centre().with_y(floor);
        self.armature = Armature::new(self.armature.rest.map(|point| point + by));
        self.landmarks.nose += by;
        self.landmarks.crown += by;
        for vertex in self.vertices.iter_mut().flatten().chain(&mut self.hull) {
            vertex.position += Vec3A::from(by);
        }
    }

    /// The parts to draw, in the order of [`Posed::shapes`].
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Skins the body. `out` may come from any actor, and its memory is reused.
    pub fn pose(&self, at: &SkeletonPose, out: &mut Posed) {
        let placed = self.armature.place(at);
        out.shapes.resize_with(self.vertices.len(), Default::default);
        for (vertices, shape) in self.vertices.iter().zip(&mut out.shapes) {
            skinning::skin(vertices, &placed, shape);
        }
        out.joints = labels::joints(&placed, &self.armature, &self.landmarks);
    }

    /// The pose that the body was modelled in, standing above the origin. Files differ in it; [`SkeletonPose::REST`] is the
    /// same for all.
    pub fn modelled_pose(&self) -> SkeletonPose {
        self.armature.modelled()
    }

    /// Only the 17 joints, as from [`Self::pose`].
    pub fn joints(&self, at: &SkeletonPose) -> [[f32; 3]; pose::JOINTS] {
        labels::joints(&self.armature.place(at), &self.armature, &self.landmarks)
    }

    /// The height of the body's lowest point above the floor, metres, to a few millimetres.
    pub fn lowest_m(&self, at: &SkeletonPose) -> f32 {
        let placed = self.armature.place(at);
        let height = |vertex: &SkinnedVertex| skinning::blend(vertex, &placed).transform_point3a(vertex.position).y;
        self.hull.iter().map(height).fold(f32::INFINITY, f32::min)
    }

    /// From the floor to the top of the head, standing.
    pub fn height_m(&self) -> f32 {
        self.landmarks.crown.y
    }

    /// Length of thigh plus shin, the unit of [`SkeletonPose::root`].
    pub fn leg_m(&self) -> f32 {
        self.armature.leg_m
    }

    /// Fills texels without colour, so that textures can be filtered and mip-mapped.
    fn dilate_textures(&mut self) {
        for (part, vertices) in self.parts.iter_mut().zip(&self.vertices) {
            let patches = atlas::patches(part, vertices);
            atlas::dilate(Arc::make_mut(&mut part.texture), |texel| patches[texel].is_some());
        }
    }

    /// Simplifies the meshes to about this many triangles, if there are more. Labels stay those of the full body.
    fn decimate(&mut self, triangles: usize) {
        let total: usize = self.parts.iter().map(|part| part.triangles.len()).sum();
        if triangles >= total {
            return;
        }
        for (part, vertices) in self.parts.iter_mut().zip(&mut self.vertices) {
            let mesh = Mesh {
                vertices: std::mem::take(vertices),
                uvs: std::mem::take(&mut part.uvs),
                triangles: std::mem::take(&mut part.triangles),
                texture: part.texture.clone(),
            };
            let simple = mesh.decimated(triangles as f32 / total as f32);
            (*vertices, part.uvs, part.triangles) = (simple.vertices, simple.uvs, simple.triangles);
        }
    }
}

/// By bone, the vertices that reach furthest in each of 26 directions.
fn hull(vertices: &[SkinnedVertex]) -> Vec<SkinnedVertex> {
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
