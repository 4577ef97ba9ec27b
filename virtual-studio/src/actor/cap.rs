//! A cap for any head.

use std::f32::consts::{PI, TAU};
use std::sync::Arc;

use glam::{Vec3, Vec3A};

use crate::surface::Texture;

use super::labels::HeadPoints;
use super::mesh::{Mesh, SkinnedVertex};
use super::skeleton::Bone;

/// The half ellipsoid of a cap: its base at the height of the brow, and its half axes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dome {
    centre: Vec3,
    radii: Vec3,
}

/// Where a cap begins between nose and crown, as a share; and its distance from the head.
const BROW: f32 = 0.42;
const OFF_M: f32 = 0.008;
const BRIM_M: f32 = 0.075;
const AROUND: u32 = 32;
const UP: u32 = 8;

impl Dome {
    /// `None` if the head has no vertices above the brow.
    pub fn fit(body: &[SkinnedVertex], landmarks: &HeadPoints) -> Option<Self> {
        let brow = landmarks.nose.y + BROW * (landmarks.crown.y - landmarks.nose.y);
        let above = body.iter().filter(|vertex| vertex.owner() == Bone::Head && vertex.position.y > brow);
        let (low, high) = above.fold((Vec3A::INFINITY, Vec3A::NEG_INFINITY), |(low, high), vertex| {
            (low.min(vertex.position), high.max(vertex.position))
        });
        if !low.is_finite() {
            return None;
        }
        let (middle, half) = (0.5 * (low + high), 0.5 * (high - low));
        let radii = Vec3::new(half.x, landmarks.crown.y - brow, half.z) + OFF_M;
        Some(Self { centre: Vec3::new(middle.x, brow, middle.z), radii })
    }

    /// Moves a point of the head or hair inside the cap.
    pub fn press(&self, point: Vec3A) -> Vec3A {
        let from_centre = (Vec3::from(point) - self.centre) / self.radii;
        let (distance, most) = (from_centre.length(), 0.96);
        if from_centre.y <= 0.0 || distance <= most {
            return point;
        }
        (self.centre + self.radii * from_centre * (most / distance)).into()
    }

    /// A dome in one colour, with a brim to the front.
    pub fn mesh(&self, colour: [u8; 3]) -> Mesh {
        let texture = Arc::new(Texture { width: 1, height: 1, rgb: colour.to_vec() });
        let mut mesh = Mesh { vertices: Vec::new(), uvs: Vec::new(), triangles: Vec::new(), texture };
        let mut put = |point: Vec3| {
            mesh.vertices.push(SkinnedVertex::new(point, Vec3::Y, [(Bone::Head, 1.0)]));
            mesh.uvs.push([0.5; 2]);
        };
        for up in 0..=UP {
            let (height, ring) = (0.5 * PI * up as f32 / UP as f32).sin_cos();
            for around in 0..=AROUND {
                let (x, z) = (TAU * around as f32 / AROUND as f32).sin_cos();
                put(self.centre + self.radii * Vec3::new(ring * x, height, ring * z));
            }
        }
        let brim = (UP + 1) * (AROUND + 1);
        for out in 0..2u8 {
            for around in 0..=AROUND / 2 {
                let (x, z) = (PI * (around as f32 / (AROUND / 2) as f32 - 0.5)).sin_cos();
                let reach = f32::from(out) * BRIM_M * z.max(0.0).sqrt();
                put(self.centre + self.radii * Vec3::new(x, 0.0, z) + Vec3::new(0.0, -0.3 * reach, reach));
            }
        }
        let mut strips = |first: u32, rows: u32, columns: u32| {
            for row in 0..rows {
                for column in 0..columns {
                    let a = first + row * (columns + 1) + column;
                    let (b, c, d) = (a + 1, a + columns + 1, a + columns + 2);
                    mesh.triangles.extend([[a, b, c], [b, d, c]]);
                }
            }
        };
        strips(0, UP, AROUND);
        strips(brim, 1, AROUND / 2);
        mesh.smooth();
        mesh
    }
}
