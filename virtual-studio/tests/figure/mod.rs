//! A person made of capsules who walks in a circle, for tests of renderer and studio.

use std::f32::consts::{PI, TAU};
use std::sync::Arc;

use glam::Vec3;
use virtual_studio::surface::{Part, Performance, Posed, Shape, Texture};

/// (from joint, to joint, radius). Joints 17 and 18 are the toes, right and left.
const CAPSULES: [(usize, usize, f32); 18] = [
    (1, 2, 0.075),
    (2, 3, 0.055),
    (3, 17, 0.045),
    (4, 5, 0.075),
    (5, 6, 0.055),
    (6, 18, 0.045),
    (1, 4, 0.1),
    (0, 7, 0.13),
    (7, 8, 0.135),
    (8, 9, 0.055),
    (9, 10, 0.095),
    (8, 11, 0.06),
    (11, 12, 0.05),
    (12, 13, 0.04),
    (8, 14, 0.06),
    (14, 15, 0.05),
    (15, 16, 0.04),
    (0, 8, 0.12),
];

pub struct Figure {
    parts: Vec<Part>,
    around: usize,
    along: usize,
}

impl Figure {
    /// `around × along` vertices for each of 18 capsules; 20 × 24 makes 8,640 vertices.
    pub fn new(around: usize, along: usize) -> Self {
        let part = |capsule: usize| {
            let index = |ring: usize, spoke: usize| (ring * around + spoke % around) as u32;
            let mut triangles = Vec::new();
            for ring in 0..along - 1 {
                for spoke in 0..around {
                    let [a, b] = [index(ring, spoke), index(ring, spoke + 1)];
                    let [c, d] = [index(ring + 1, spoke), index(ring + 1, spoke + 1)];
                    triangles.extend([[a, b, c], [b, d, c]]);
                }
            }
            let uv = |ring: usize, spoke: usize| [spoke as f32 / around as f32, ring as f32 / (along - 1) as f32];
            let uvs = (0..along).flat_map(|ring| (0..around).map(move |spoke| uv(ring, spoke))).collect();
            Part { uvs, triangles, texture: texture(capsule) }
        };
        Self { parts: (0..CAPSULES.len()).map(part).collect(), around, along }
    }
}

impl Performance for Figure {
    fn parts(&self) -> &[Part] {
        &self.parts
    }

    fn height_m(&self) -> f32 {
        1.8
    }

    fn pose(&self, time_s: f64, into: &mut Posed) {
        let joints = walk(time_s as f32);
        into.joints = std::array::from_fn(|joint| joints[joint].to_array());
        into.shapes.resize_with(CAPSULES.len(), Shape::default);
        for (shape, (from, to, radius)) in into.shapes.iter_mut().zip(CAPSULES) {
            capsule(shape, joints[from], joints[to], radius, self.around, self.along);
        }
    }

    fn joints(&self, time_s: f64) -> [[f32; 3]; 17] {
        let joints = walk(time_s as f32);
        std::array::from_fn(|joint| joints[joint].to_array())
    }
}

fn texture(capsule: usize) -> Arc<Texture> {
    let base = match capsule {
        2 | 5 => [60, 40, 30],
        0 | 1 | 3 | 4 | 6 => [50, 70, 130],
        9 | 10 | 13 | 16 => [205, 160, 130],
        _ => [180, 60, 50],
    };
    let side = 256;
    let stripe = |i: usize| if (i / side / 16).is_multiple_of(2) { 100 } else { 82 };
    let pixel = |i: usize| base.map(|value: u32| (value * stripe(i) / 100) as u8);
    Arc::new(Texture { width: side as u32, height: side as u32, rgb: (0..side * side).flat_map(pixel).collect() })
}

fn capsule(shape: &mut Shape, from: Vec3, to: Vec3, radius: f32, around: usize, along: usize) {
    let axis = (to - from).normalize_or(Vec3::Y);
    let (u, v) = axis.any_orthonormal_pair();
    shape.positions.clear();
    shape.normals.clear();
    for ring in 0..along {
        // Half of the rings are the two caps.
        let part = ring as f32 / (along - 1) as f32;
        let tilt = ((part * 4.0).min(1.0) - 1.0 + (part * 4.0 - 3.0).max(0.0)) * 0.5 * PI;
        let middle = from.lerp(to, ((part - 0.25) * 2.0).clamp(0.0, 1.0));
        for spoke in 0..around {
            let (sin, cos) = (spoke as f32 / around as f32 * TAU).sin_cos();
            let normal = (u * cos + v * sin) * tilt.cos() + axis * tilt.sin();
            shape.positions.push((middle + normal * radius).to_array());
            shape.normals.push(normal.to_array());
        }
    }
}

fn walk(time: f32) -> [Vec3; 19] {
    let heading = 0.8 * time;
    let forward = Vec3::new(heading.cos(), 0.0, -heading.sin());
    let right = forward.cross(Vec3::Y);
    let stride = time * TAU * 0.9;
    let place = right * -0.7;
    let swing = |angle: f32| forward * angle.sin() - Vec3::Y * angle.cos();
    let mut joints = [Vec3::ZERO; 19];
    for (side, hip, phase, toe) in [(1.0, 1, 0.0, 17), (-1.0, 4, PI, 18)] {
        let thigh = 0.5 * (stride + phase).sin();
        let bend = 0.55 * (0.5 + 0.5 * (stride + phase - 1.2).cos());
        joints[hip] = right * (0.11 * side);
        joints[hip + 1] = joints[hip] + swing(thigh) * 0.43;
        joints[hip + 2] = joints[hip + 1] + swing(thigh - bend) * 0.42;
        joints[toe] = joints[hip + 2] + forward * 0.15 - Vec3::Y * 0.035;
    }
    joints[7] = Vec3::Y * 0.24;
    joints[8] = Vec3::Y * 0.5;
    joints[9] = Vec3::Y * 0.6 + forward * 0.02;
    joints[10] = Vec3::Y * 0.74 + forward * 0.02;
    for (side, shoulder, phase) in [(-1.0, 11, 0.0), (1.0, 14, PI)] {
        let arm = 0.6 * (stride + phase).sin();
        joints[shoulder] = joints[8] + right * (0.18 * side) - Vec3::Y * 0.03;
        joints[shoulder + 1] = joints[shoulder] + (swing(arm) + right * (0.2 * side)).normalize() * 0.29;
        joints[shoulder + 2] = joints[shoulder + 1] + swing(arm + 0.5) * 0.26;
    }
    // The lower foot is on the floor.
    let lowest = joints.iter().map(|joint| joint.y).fold(f32::INFINITY, f32::min);
    joints.map(|joint| joint + place - Vec3::Y * (lowest - 0.045))
}
