//! A person made of tubes and ellipsoids, for studios without any asset.

use std::f32::consts::{PI, TAU};
use std::sync::Arc;

use glam::Vec3;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::surface::Texture;

use super::Actor;
use super::mesh::{Mesh, Vertex};
use super::skeleton::{BONES, Bone};

/// A person of average build; the seed chooses skin, hair and clothes.
pub fn actor(seed: u64) -> Actor {
    let mut builder = Builder { vertices: Vec::new(), uvs: Vec::new(), triangles: Vec::new() };
    builder.body();
    let Builder { vertices, uvs, triangles } = builder;
    let texture = Arc::new(texture(&mut ChaCha8Rng::seed_from_u64(seed)));
    let mut mesh = Mesh { vertices, uvs, triangles, texture };
    mesh.smooth();
    Actor::assemble(rest(), vec![mesh]).expect("the built-in body has a head")
}

/// Where the bones begin, for 1.75 m.
fn rest() -> [Vec3; BONES] {
    let left = |bone: Bone| {
        let (x, y, z) = match bone {
            Bone::LeftShoulder => (0.03, 1.42, 0.0),
            Bone::LeftArm => (0.17, 1.42, 0.0),
            Bone::LeftForeArm => (0.45, 1.42, 0.0),
            Bone::LeftHand => (0.70, 1.42, 0.0),
            Bone::LeftUpLeg => (0.09, 0.93, 0.0),
            Bone::LeftLeg => (0.09, 0.50, 0.0),
            Bone::LeftFoot => (0.09, 0.08, 0.0),
            _ => (0.09, 0.02, 0.14),
        };
        Vec3::new(x, y, z)
    };
    Bone::ALL.map(|bone| match bone {
        Bone::Hips => Vec3::new(0.0, 0.97, 0.0),
        Bone::Spine => Vec3::new(0.0, 1.06, 0.0),
        Bone::Chest => Vec3::new(0.0, 1.16, 0.0),
        Bone::UpperChest => Vec3::new(0.0, 1.27, 0.0),
        Bone::Neck => Vec3::new(0.0, 1.46, 0.0),
        Bone::Head => Vec3::new(0.0, 1.55, 0.02),
        bone if bone.mirrored() < bone => left(bone.mirrored()) * Vec3::new(-1.0, 1.0, 1.0),
        bone => left(bone),
    })
}

/// Fields of the texture, side by side.
#[derive(Clone, Copy, Debug)]
enum Field {
    Skin,
    Shirt,
    Trousers,
    Shoe,
    Head,
}

const FIELDS: u32 = 5;
const FIELD_PX: u32 = 128;
/// Corners of a ring.
const AROUND: usize = 20;
/// Over how much of a limb's length one bone gives way to the next.
const BEND_M: f32 = 0.05;

/// An ellipse of a tube.
#[derive(Clone, Copy, Debug)]
struct Ring {
    centre: Vec3,
    /// Half axes.
    across: Vec3,
    deep: Vec3,
}

struct Builder {
    vertices: Vec<Vertex>,
    uvs: Vec<[f32; 2]>,
    triangles: Vec<[u32; 3]>,
}

impl Builder {
    fn body(&mut self) {
        // Height, depth of the middle, half width, half depth.
        let trunk = [
            (0.84, 0.0, 0.02, 0.02, Field::Trousers),
            (0.86, 0.0, 0.10, 0.08, Field::Trousers),
            (0.92, 0.0, 0.165, 0.115, Field::Trousers),
            (1.00, 0.0, 0.16, 0.11, Field::Trousers),
            (1.00, 0.0, 0.162, 0.112, Field::Shirt),
            (1.10, 0.0, 0.145, 0.105, Field::Shirt),
            (1.22, 0.0, 0.155, 0.115, Field::Shirt),
            (1.32, 0.0, 0.165, 0.12, Field::Shirt),
            (1.40, 0.0, 0.15, 0.10, Field::Shirt),
            (1.45, 0.0, 0.10, 0.075, Field::Shirt),
            (1.475, 0.0, 0.06, 0.06, Field::Shirt),
        ];
        let upright = |&(y, z, wide, deep, field): &(f32, f32, f32, f32, Field)| {
            (Ring { centre: Vec3::new(0.0, y, z), across: Vec3::X * wide, deep: Vec3::Z * deep }, field)
        };
        let spine = |point: Vec3| {
            let bones = [(Bone::Hips, 0.0), (Bone::Spine, 1.06), (Bone::Chest, 1.16), (Bone::UpperChest, 1.27)];
            along(point.y, &bones)
        };
        self.tube(trunk.iter().map(upright), spine);
        let neck = [
            (1.43, 0.0, 0.058, 0.058, Field::Skin),
            (1.50, 0.005, 0.055, 0.056, Field::Skin),
            (1.58, 0.02, 0.055, 0.058, Field::Skin),
        ];
        self.tube(neck.iter().map(upright), |point| {
            along(point.y, &[(Bone::UpperChest, 0.0), (Bone::Neck, 1.45), (Bone::Head, 1.56)])
        });
        let head = (0..=14).map(|i| {
            let (rise, wide) = (PI * (i as f32 / 14.0 - 0.5)).sin_cos();
            // The jaw is narrower than the skull.
            let taper = if rise < 0.0 { 1.0 + 0.22 * rise } else { 1.0 };
            upright(&(
                1.635 + 0.118 * rise,
                0.03,
                0.001 + 0.078 * wide * taper,
                0.001 + 0.098 * wide * taper,
                Field::Head,
            ))
        });
        self.tube(head, |_| vec![(Bone::Head, 1.0)]);
        let nose = [(0.10, 0.020), (0.13, 0.016), (0.147, 0.008), (0.15, 0.001)].map(|(z, radius)| {
            (
                Ring { centre: Vec3::new(0.0, 1.605, z), across: Vec3::X * radius, deep: Vec3::Y * radius * 1.4 },
                Field::Skin,
            )
        });
        self.tube(nose.into_iter(), |_| vec![(Bone::Head, 1.0)]);
        for side in [1.0, -1.0] {
            self.limbs(side);
        }
    }

    fn limbs(&mut self, side: f32) {
        let own = |bone: Bone| if side > 0.0 { bone } else { bone.mirrored() };
        let sideways = |&(x, half, field): &(f32, f32, Field)| {
            let flat = if x > 0.7 { 0.45 } else { 1.0 };
            (
                Ring { centre: Vec3::new(side * x, 1.42, 0.0), across: Vec3::Z * half, deep: Vec3::Y * half * flat },
                field,
            )
        };
        let arm = [
            (0.10, 0.01, Field::Shirt),
            (0.12, 0.065, Field::Shirt),
            (0.19, 0.066, Field::Shirt),
            (0.30, 0.054, Field::Shirt),
            (0.33, 0.056, Field::Shirt),
            (0.33, 0.045, Field::Skin),
            (0.45, 0.041, Field::Skin),
            (0.52, 0.041, Field::Skin),
            (0.68, 0.029, Field::Skin),
            (0.72, 0.038, Field::Skin),
            (0.80, 0.044, Field::Skin),
            (0.86, 0.032, Field::Skin),
            (0.89, 0.004, Field::Skin),
        ];
        let bones = [
            (own(Bone::LeftShoulder), 0.0),
            (own(Bone::LeftArm), 0.16),
            (own(Bone::LeftForeArm), 0.45),
            (own(Bone::LeftHand), 0.70),
        ];
        self.tube(arm.iter().map(sideways), |point| along(point.x.abs(), &bones));

        let downward = |&(y, z, half, field): &(f32, f32, f32, Field)| {
            (Ring { centre: Vec3::new(side * 0.09, y, z), across: Vec3::X * half, deep: Vec3::Z * half }, field)
        };
        let leg = [
            (0.99, 0.0, 0.02, Field::Trousers),
            (0.95, 0.0, 0.075, Field::Trousers),
            (0.86, 0.0, 0.092, Field::Trousers),
            (0.70, 0.0, 0.080, Field::Trousers),
            (0.52, 0.005, 0.060, Field::Trousers),
            (0.46, 0.0, 0.058, Field::Trousers),
            (0.34, -0.008, 0.058, Field::Trousers),
            (0.12, 0.0, 0.045, Field::Trousers),
            (0.10, 0.0, 0.046, Field::Trousers),
            (0.08, 0.0, 0.004, Field::Trousers),
        ];
        let bones =
            [(own(Bone::LeftFoot), 0.0), (own(Bone::LeftLeg), 0.08), (own(Bone::LeftUpLeg), 0.50), (Bone::Hips, 0.97)];
        self.tube(leg.iter().map(downward), |point| along(point.y, &bones));

        let forward = |&(z, y, wide, high): &(f32, f32, f32, f32)| {
            (Ring { centre: Vec3::new(side * 0.09, y, z), across: Vec3::X * wide, deep: Vec3::Y * high }, Field::Shoe)
        };
        let foot = [
            (-0.065, 0.04, 0.01, 0.01),
            (-0.055, 0.05, 0.034, 0.048),
            (0.0, 0.055, 0.042, 0.055),
            (0.07, 0.04, 0.045, 0.04),
            (0.14, 0.028, 0.047, 0.028),
            (0.18, 0.024, 0.035, 0.022),
            (0.195, 0.022, 0.006, 0.006),
        ];
        let bones = [(own(Bone::LeftFoot), -1.0), (own(Bone::LeftToe), 0.14)];
        self.tube(foot.iter().map(forward), |point| along(point.z, &bones));
    }

    /// Rings joined one to the next; two at one place change the field of the texture.
    fn tube(&mut self, rings: impl Iterator<Item = (Ring, Field)>, influences: impl Fn(Vec3) -> Vec<(Bone, f32)>) {
        let first = self.vertices.len() as u32;
        let rings: Vec<_> = rings.collect();
        for (row, (ring, field)) in rings.iter().enumerate() {
            for around in 0..=AROUND {
                let turn = around as f32 / AROUND as f32;
                // From the back around, so that the front is in the middle of the field.
                let (across, deep) = (TAU * turn).sin_cos();
                let point = ring.centre - ring.across * across - ring.deep * deep;
                self.vertices.push(Vertex::new(point, Vec3::Y, influences(ring.centre)));
                let down = 1.0 - row as f32 / (rings.len() - 1) as f32;
                let inside = |share: f32| 0.02 + 0.96 * share;
                self.uvs.push([(*field as u8 as f32 + inside(turn)) / FIELDS as f32, inside(down)]);
            }
        }
        // So that triangles face outwards, whichever way the tube goes.
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

/// Bones that follow each other along a coordinate, each from where it begins, with soft changes.
fn along(value: f32, bones: &[(Bone, f32)]) -> Vec<(Bone, f32)> {
    let share = |start: f32| ((value - start) / (2.0 * BEND_M) + 0.5).clamp(0.0, 1.0);
    let begun = |i: usize| if i == 0 { 1.0 } else { bones.get(i).map_or(0.0, |&(_, start)| share(start)) };
    (0..bones.len())
        .map(|i| (bones[i].0, (begun(i) - begun(i + 1)).max(0.0)))
        .filter(|&(_, weight)| weight > 0.0)
        .collect()
}

fn texture(rng: &mut impl Rng) -> Texture {
    let mut colour = |low: [u8; 3], high: [u8; 3]| {
        let share: f32 = rng.random();
        let vary = rng.random_range(-12.0..12.0);
        [0, 1, 2]
            .map(|i| (f32::from(low[i]) + share * (f32::from(high[i]) - f32::from(low[i])) + vary).clamp(0.0, 255.0))
    };
    let skin = colour([70, 44, 32], [236, 196, 172]);
    let hair = colour([22, 17, 14], [150, 110, 66]);
    let shoe = colour([30, 28, 28], [200, 200, 205]);
    let mut cloth = || [rng.random_range(20.0..235.0), rng.random_range(20.0..235.0), rng.random_range(20.0..235.0)];
    let (shirt, stripe, trousers) = (cloth(), cloth(), cloth());
    let stripes: u32 = rng.random_range(0..4);
    let width = FIELDS * FIELD_PX;
    let mut rgb = Vec::with_capacity((3 * width * FIELD_PX) as usize);
    for y in 0..FIELD_PX {
        for x in 0..width {
            let (field, u, v) = (x / FIELD_PX, (x % FIELD_PX) as f32 / FIELD_PX as f32, y as f32 / FIELD_PX as f32);
            let base: [f32; 3] = match field {
                0 => skin,
                1 if stripes > 0 && (v * 6.0 * stripes as f32) as u32 % 2 == 1 => stripe,
                1 => shirt,
                2 => trousers,
                3 => shoe,
                _ => head(u, v, skin, hair),
            };
            let grain: f32 = rng.random_range(0.95..1.05);
            rgb.extend(base.map(|value| (value * grain).clamp(0.0, 255.0) as u8));
        }
    }
    Texture { width, height: FIELD_PX, rgb }
}

/// A face in the middle of the field, hair above and behind.
fn head(u: f32, v: f32, skin: [f32; 3], hair: [f32; 3]) -> [f32; 3] {
    let ahead = (u - 0.5).abs();
    let spot = |at: f32, height: f32, wide: f32, high: f32| {
        ((ahead - at) / wide).powi(2) + ((v - height) / high).powi(2) < 1.0
    };
    if v < 0.3 || ahead > 0.22 && v < 0.72 {
        hair
    } else if spot(0.065, 0.49, 0.012, 0.018) {
        [30.0, 24.0, 22.0]
    } else if spot(0.065, 0.49, 0.026, 0.022) {
        [238.0, 236.0, 232.0]
    } else if spot(0.065, 0.43, 0.035, 0.012) {
        hair
    } else if spot(0.0, 0.74, 0.05, 0.016) {
        [skin[0] * 0.9, skin[1] * 0.6, skin[2] * 0.6]
    } else {
        skin
    }
}
