//! Varies the proportions of bodies.

use glam::{Affine3A, Mat3A, Vec3, Vec3A};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::armature::Armature;
use super::labels::HeadPoints;
use super::skeleton::{BONES, Bone};
use super::{Actor, skinning};

/// Factors by which a body differs from the original.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proportions {
    pub overall: f32,
    /// Length of thighs and shins.
    pub legs: f32,
    /// Length of upper arms and forearms.
    pub arms: f32,
    pub trunk: f32,
    pub head: f32,
    /// Width of arms and legs.
    pub girth: f32,
}

impl Proportions {
    pub const AS_MODELLED: Self = Self { overall: 1.0, legs: 1.0, arms: 1.0, trunk: 1.0, head: 1.0, girth: 1.0 };

    /// Within a tenth overall, and within human variation in its parts.
    pub fn sample(seed: u64) -> Self {
        let rng = &mut ChaCha8Rng::seed_from_u64(seed);
        Self {
            overall: rng.random_range(0.9..1.1),
            legs: rng.random_range(0.94..1.06),
            arms: rng.random_range(0.94..1.06),
            trunk: rng.random_range(0.95..1.05),
            head: rng.random_range(0.96..1.05),
            girth: rng.random_range(0.88..1.2),
        }
    }

    /// How a bone is stretched. A limb is scaled along by its length and across by its girth; the rest keeps its shape.
    fn stretch(&self, bone: Bone, along: Vec3) -> Mat3A {
        let uniform = |factor: f32| Mat3A::from_diagonal(Vec3::splat(self.overall * factor));
        let length = match bone {
            Bone::LeftArm | Bone::LeftForeArm | Bone::RightArm | Bone::RightForeArm => self.arms,
            Bone::LeftUpLeg | Bone::LeftLeg | Bone::RightUpLeg | Bone::RightLeg => self.legs,
            Bone::Neck | Bone::Head => return uniform(self.head),
            bone if Bone::TRUNK.contains(&bone) => return uniform(self.trunk),
            Bone::LeftShoulder | Bone::RightShoulder => return uniform(self.trunk),
            // Hands and feet.
            _ => return uniform(1.0),
        };
        let along = along.normalize_or(Vec3::Y);
        let outer = Mat3A::from_cols((along * along.x).into(), (along * along.y).into(), (along * along.z).into());
        (Mat3A::IDENTITY * self.girth + outer * (length - self.girth)) * self.overall
    }
}

impl Actor {
    /// The same person with other proportions. Mesh and joints are stretched equally, so labels stay exact.
    pub fn resized(&self, by: &Proportions) -> Self {
        let old = &self.armature.rest;
        let mut rest = *old;
        let mut stretched = [Affine3A::IDENTITY; BONES];
        let mut inverse = [Mat3A::IDENTITY; BONES];
        for bone in Bone::ALL {
            let index = bone.index();
            if let Some(parent) = bone.parent() {
                rest[index] = stretched[parent.index()].transform_point3(old[index]);
            }
            let along = bone.limb().map_or(Vec3::Y, |(end, _)| old[end.index()] - old[index]);
            let matrix = by.stretch(bone, along);
            inverse[index] = matrix.inverse();
            stretched[index] =
                Affine3A { matrix3: matrix, translation: Vec3A::from(rest[index]) - matrix * Vec3A::from(old[index]) };
        }
        let mut actor = self.clone();
        for vertex in actor.vertices.iter_mut().flatten().chain(&mut actor.hull) {
            vertex.position = skinning::blend(vertex, &stretched).transform_point3a(vertex.position);
            // A symmetric stretch transforms normals by its inverse.
            let turned: Vec3A = vertex.influences().map(|(bone, weight)| inverse[bone] * vertex.normal * weight).sum();
            vertex.normal = turned.normalize_or(vertex.normal);
        }
        let on_head = |point: Vec3| stretched[Bone::Head.index()].transform_point3(point);
        actor.landmarks = HeadPoints { nose: on_head(self.landmarks.nose), crown: on_head(self.landmarks.crown) };
        actor.armature = Armature::new(rest);
        actor.stand();
        actor
    }
}
