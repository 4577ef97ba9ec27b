//! Surfaces around the bones of the built-in person.

use std::f32::consts::TAU;

use glam::Vec3;

use crate::actor::mesh::SkinnedVertex;
use crate::actor::skeleton::Bone;

use super::paint::{FIELDS, TextureField};

/// Corners of a ring.
const AROUND: usize = 20;
/// The share of a limb's length over which one bone blends into the next.
const BEND_M: f32 = 0.05;

/// An ellipse of a tube.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ring {
    pub centre: Vec3,
    /// Half axes.
    pub across: Vec3,
    pub deep: Vec3,
}

#[derive(Default)]
pub(super) struct Builder {
    pub vertices: Vec<SkinnedVertex>,
    pub uvs: Vec<[f32; 2]>,
    pub triangles: Vec<[u32; 3]>,
}

impl Builder {
    /// Connected rings; two at one position switch the field of the texture.
    pub fn tube(
        &mut self,
        rings: impl Iterator<Item = (Ring, TextureField)>,
        influences: impl Fn(Vec3) -> Vec<(Bone, f32)>,
    ) {
        let first = self.vertices.len() as u32;
        let rings: Vec<_> = rings.collect();
        for (row, (ring, field)) in rings.iter().enumerate() {
            for around in 0..=AROUND {
                let turn = around as f32 / AROUND as f32;
                // Start at the back, so that the front is in the middle of the field.
                let (across, deep) = (TAU * turn).sin_cos();
                let point = ring.centre - ring.across * across - ring.deep * deep;
                self.vertices.push(SkinnedVertex::new(point, Vec3::Y, influences(ring.centre)));
                let down = 1.0 - row as f32 / (rings.len() - 1) as f32;
                let inside = |share: f32| 0.02 + 0.96 * share;
                self.uvs.push([(*field as u8 as f32 + inside(turn)) / FIELDS as f32, inside(down)]);
            }
        }
        // Orient triangles outwards for any direction of the tube.
        let (begin, end) = (rings[0].0, rings[rings.len() - 1].0);
        let outwards = begin.deep.cross(begin.across).dot(end.centre - begin.centre) > 0.0;
        let columns = AROUND as u32 + 1;
        for row in 0..rings.len() as u32 - 1 {
            for column in 0..AROUND as u32 {
                let a = first + row * columns + column;
                let (b, c, d) = (a + 1, a + columns, a + columns + 1);
                self.triangles.extend(if outwards { [[a, b, c], [b, d, c]] } else { [[a, c, b], [b, c, d]] });
            }
        }
    }
}

/// Consecutive bones along a coordinate, each from its start, with soft transitions.
pub(super) fn along(value: f32, bones: &[(Bone, f32)]) -> Vec<(Bone, f32)> {
    let share = |start: f32| ((value - start) / (2.0 * BEND_M) + 0.5).clamp(0.0, 1.0);
    let begun = |i: usize| if i == 0 { 1.0 } else { bones.get(i).map_or(0.0, |&(_, start)| share(start)) };
    (0..bones.len())
        .map(|i| (bones[i].0, (begun(i) - begun(i + 1)).max(0.0)))
        .filter(|&(_, weight)| weight > 0.0)
        .collect()
}
