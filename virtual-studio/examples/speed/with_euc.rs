//! The same person through the `euc` crate: depth buffer, texture, one light, no floor and no shadow.

use euc::buffer::Buffer2d;
use euc::rasterizer::{BackfaceCullingDisabled, Triangles};
use euc::{Interpolate, Pipeline};
use glam::{Vec2, Vec3};
use virtual_studio::rig::Camera;
use virtual_studio::surface::{Part, Posed, Shape, Texture};

#[derive(Clone)]
struct Varying(Vec3, Vec2);

impl Interpolate for Varying {
    fn lerp2(a: Self, b: Self, x: f32, y: f32) -> Self {
        Self(a.0 * x + b.0 * y, a.1 * x + b.1 * y)
    }

    fn lerp3(a: Self, b: Self, c: Self, x: f32, y: f32, z: f32) -> Self {
        Self(a.0 * x + b.0 * y + c.0 * z, a.1 * x + b.1 * y + c.1 * z)
    }
}

struct Body<'a> {
    positions: &'a [[f32; 4]],
    shape: &'a Shape,
    uvs: &'a [[f32; 2]],
    texture: &'a Texture,
}

impl Pipeline for Body<'_> {
    type Vertex = u32;
    type VsOut = Varying;
    type Pixel = [u8; 4];

    #[inline(always)]
    fn vert(&self, vertex: &u32) -> ([f32; 4], Varying) {
        let vertex = *vertex as usize;
        (self.positions[vertex], Varying(self.shape.normals[vertex].into(), self.uvs[vertex].into()))
    }

    #[inline(always)]
    fn frag(&self, varying: &Varying) -> [u8; 4] {
        let light = 0.4 + 0.6 * varying.0.dot(Vec3::new(0.37, 0.88, 0.29)).max(0.0);
        let uv = varying.1 - varying.1.floor();
        let (x, y) = (uv.x * self.texture.width as f32, uv.y * self.texture.height as f32);
        let at = 3 * (y as usize * self.texture.width as usize + x as usize);
        let channel = |offset: usize| (f32::from(self.texture.rgb[at + offset]) * light) as u8;
        [channel(0), channel(1), channel(2), 255]
    }
}

/// Draws at `scale` times the camera's size; alpha is the mask.
pub fn draw(parts: &[Part], body: &Posed, camera: &Camera, scale: usize) -> Buffer2d<[u8; 4]> {
    const NEAR: f32 = 0.05;
    const FAR: f32 = 50.0;
    let [width, height] = camera.intrinsics.size_px().map(|side| side as usize * scale);
    let mut colour = Buffer2d::new([width, height], [0u8; 4]);
    let mut depth = Buffer2d::new([width, height], 1.0f32);
    let [w, h] = camera.intrinsics.size_px().map(|side| side as f32);
    let (focal, centre) = (camera.intrinsics.focal_px(), camera.intrinsics.centre_px());
    for (part, shape) in parts.iter().zip(&body.shapes) {
        let clip = shape.positions.iter().map(|&position| {
            let at = camera.to_camera(position.into());
            let x = 2.0 * (focal.x * at.x + centre.x * at.z) / w - at.z;
            let y = at.z - 2.0 * (focal.y * at.y + centre.y * at.z) / h;
            [x, y, (at.z - NEAR) / (FAR - NEAR) * at.z, at.z]
        });
        let positions: Vec<_> = clip.collect();
        let pipeline = Body { positions: &positions, shape, uvs: &part.uvs, texture: &part.texture };
        pipeline.draw::<Triangles<_, BackfaceCullingDisabled>, _>(
            part.triangles.as_flattened(),
            &mut colour,
            Some(&mut depth),
        );
    }
    colour
}
