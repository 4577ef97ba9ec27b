//! The renderer that runs everywhere.

use std::thread;

use glam::{Vec2, Vec3A};

use super::area::Area;
use super::backdrop::{Backdrop, FIELD, FLOOR_M, PLACES, exposure};
use super::colour::{Colours, tone};
use super::contact::Contact;
use super::raster::{NONE, Vertex, Visibility, Window};
use super::rays::Rays;
use super::shadow::ShadowMap;
use super::skin::Skin;
use super::{Picture, Renderer, Set, Shot};
use crate::surface::{Part, Posed};

/// What trades quality for time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuOptions {
    /// 1, or 2 for four samples in each pixel.
    pub samples_per_side: usize,
    /// Side of the shadow map; smaller maps are quicker and give softer shadows. At least 32.
    pub shadow_texels: usize,
    /// For [`Renderer::draw_all`]. The pixels do not depend on it.
    pub threads: usize,
}

impl Default for CpuOptions {
    fn default() -> Self {
        Self { samples_per_side: 2, shadow_texels: 160, threads: 1 }
    }
}

/// Height of a person in pixels from which on their texture is no finer than the picture.
const LARGE: usize = 256;

/// Rasterises on the processor.
pub struct Cpu {
    scene: Scene,
    views: Vec<View>,
    threads: usize,
}

/// What all views of an instant share.
struct Scene {
    set: Set,
    samples: usize,
    shadow_texels: usize,
    uvs: Vec<Vec2>,
    triangles: Vec<[u32; 3]>,
    /// Where the triangles of each part end, and what is laid over them.
    ends: Vec<u32>,
    skins: Vec<Skin>,
    positions: Vec<Vec3A>,
    normals: Vec<Vec3A>,
    /// Light on matt white at each vertex.
    light: Vec<Vec3A>,
    shadow: ShadowMap,
    contact: Contact,
    /// Where the two can be seen.
    shadow_area: Area,
    contact_area: Area,
}

/// What is kept for one camera.
#[derive(Default)]
struct View {
    backdrop: Backdrop,
    vertices: Vec<Vertex>,
    visible: Visibility,
}

impl Cpu {
    pub fn new(parts: &[Part], set: Set, options: CpuOptions) -> Self {
        let (mut uvs, mut triangles, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        for part in parts {
            let first = uvs.len() as u32;
            uvs.extend(part.uvs.iter().map(|&uv| Vec2::from(uv)));
            triangles.extend(part.triangles.iter().map(|triangle| triangle.map(|vertex| first + vertex)));
            ends.push(triangles.len() as u32);
        }
        let scene = Scene {
            set,
            samples: options.samples_per_side.clamp(1, 2),
            shadow_texels: options.shadow_texels.max(32),
            uvs,
            triangles,
            ends,
            skins: parts.iter().map(|part| Skin::new(&part.texture)).collect(),
            positions: Vec::new(),
            normals: Vec::new(),
            light: Vec::new(),
            shadow: ShadowMap::default(),
            contact: Contact::default(),
            shadow_area: Area::NOTHING,
            contact_area: Area::NOTHING,
        };
        Self { scene, views: Vec::new(), threads: options.threads.max(1) }
    }

    fn make_room(&mut self, views: usize) {
        if self.views.len() < views {
            self.views.resize_with(views, View::default);
        }
    }
}

impl Renderer for Cpu {
    fn set_body(&mut self, body: &Posed) {
        self.scene.set_body(body);
    }

    fn draw(&mut self, view: usize, shot: &Shot) -> Picture {
        self.make_room(view + 1);
        self.views[view].draw(&self.scene, shot)
    }

    fn draw_all(&mut self, shots: &[Shot]) -> Vec<Picture> {
        self.make_room(shots.len());
        let scene = &self.scene;
        let mut jobs: Vec<_> = self.views.iter_mut().zip(shots).map(|(view, shot)| (view, shot, None)).collect();
        let each = jobs.len().div_ceil(self.threads).max(1);
        thread::scope(|scope| {
            let mut chunks = jobs.chunks_mut(each);
            let own = chunks.next();
            for chunk in chunks {
                scope.spawn(|| {
                    chunk.iter_mut().for_each(|(view, shot, picture)| *picture = Some(view.draw(scene, shot)))
                });
            }
            own.into_iter().flatten().for_each(|(view, shot, picture)| *picture = Some(view.draw(scene, shot)));
        });
        jobs.into_iter().filter_map(|(.., picture)| picture).collect()
    }
}

impl Scene {
    /// Takes over the shapes, and lights each vertex once for all views.
    fn set_body(&mut self, body: &Posed) {
        self.positions.clear();
        self.normals.clear();
        for shape in &body.shapes {
            self.positions.extend(shape.positions.iter().map(|&position| Vec3A::from_array(position)));
            self.normals.extend(shape.normals.iter().map(|&normal| Vec3A::from_array(normal)));
        }
        debug_assert!(self.positions.len() == self.uvs.len() && self.normals.len() == self.uvs.len());
        let above = self.set.light.above();
        self.shadow.draw(above, self.shadow_texels, &self.positions, &self.triangles);
        self.contact.draw(&self.positions);
        (self.shadow_area, self.contact_area) = (self.shadow.area(), self.contact.area());

        let (set, shadow) = (&self.set, &self.shadow);
        let (away, lift) = (1.5 * shadow.texel_m(), Vec3A::from(above) * shadow.texel_m());
        self.light.clear();
        self.light.extend(self.positions.iter().zip(&self.normals).map(|(&position, &normal)| {
            let direct = set.sun_on(position, normal);
            let direct =
                if direct == Vec3A::ZERO { direct } else { direct * shadow.sunlit(position + normal * away + lift) };
            set.light.soft(normal) + direct
        }));
    }

    #[inline]
    fn skin(&self, triangle: u32) -> &Skin {
        &self.skins[self.ends.iter().position(|&end| triangle < end).unwrap_or(0)]
    }
}

impl View {
    fn draw(&mut self, scene: &Scene, shot: &Shot) -> Picture {
        let [width, height] = shot.camera.intrinsics.size_px();
        let rays = Rays::new(&shot.camera);
        self.backdrop.draw(&scene.set, shot, &rays);
        let pixels = width as usize * height as usize;
        let mut picture = Picture {
            width,
            height,
            rgb: self.backdrop.sunlit.as_flattened().to_vec(),
            mask: vec![0; pixels],
            depth_m: self.backdrop.depth_m.clone(),
        };
        self.throw_shadow(scene, &rays, &mut picture);
        self.project(scene, shot);
        self.resolve(scene, shot, &rays, &mut picture);
        picture
    }

    /// Darkens what the body keeps the sun and the sky from.
    fn throw_shadow(&self, scene: &Scene, rays: &Rays, picture: &mut Picture) {
        let (width, height) = (picture.width as usize, picture.height as usize);
        let (shadow, contact) = (&scene.shadow_area, &scene.contact_area);
        for (index, field) in self.backdrop.fields.iter().enumerate() {
            if !(field.across_light.meets(shadow) || field.on_floor.meets(contact)) {
                continue;
            }
            let across = width.div_ceil(FIELD);
            let (x0, y0) = (index % across * FIELD, index / across * FIELD);
            for y in y0..(y0 + FIELD).min(height) {
                for x in x0..(x0 + FIELD).min(width) {
                    self.darken(scene, rays, x, y, picture);
                }
            }
        }
    }

    #[inline]
    fn darken(&self, scene: &Scene, rays: &Rays, x: usize, y: usize, picture: &mut Picture) {
        let at = y * picture.width as usize + x;
        let depth = self.backdrop.depth_m[at];
        if depth == f32::INFINITY {
            return;
        }
        let point = rays.origin + rays.through(x as f32 + 0.5, y as f32 + 0.5) * depth;
        let sunlit = scene.shadow.sunlit(point);
        let open = if point.y < FLOOR_M { scene.contact.open(point.x, point.z) } else { 1.0 };
        if sunlit < 1.0 || open < 1.0 {
            let colours = Colours::new();
            let shaded = colours.decode(self.backdrop.shaded[at]);
            let full = colours.decode(self.backdrop.sunlit[at]);
            let rgb = colours.encode(shaded * open + (full - shaded) * sunlit);
            picture.rgb[3 * at..3 * at + 3].copy_from_slice(&rgb);
        }
    }

    /// Vertices to samples, then the nearest triangle of each sample.
    fn project(&mut self, scene: &Scene, shot: &Shot) {
        /// Nearer vertices are not drawn, metres.
        const NEAREST: f32 = 0.05;
        let (camera, samples) = (&shot.camera, scene.samples as f32);
        let rotation = glam::Mat3A::from(camera.rotation);
        let offset = Vec3A::from(camera.translation());
        self.vertices.clear();
        self.vertices.extend(scene.positions.iter().map(|&position| {
            let at = rotation * position + offset;
            if at.z < NEAREST {
                return Vertex::BEHIND;
            }
            let nearness = 1.0 / at.z;
            let px = camera.intrinsics.pixel(Vec2::new(at.x, at.y) * nearness) * samples;
            Vertex::snap(px.x, px.y, nearness)
        }));
        let [width, height] = camera.intrinsics.size_px().map(|side| side as usize * scene.samples);
        let window = Window::around(&self.vertices, width, height, scene.samples);
        self.visible.draw(window, &self.vertices, &scene.triangles);
    }

    /// Shades what is seen of the body, and mixes it with what is beside it in the same pixel.
    fn resolve(&self, scene: &Scene, shot: &Shot, rays: &Rays, picture: &mut Picture) {
        let (samples, width) = (scene.samples, picture.width as usize);
        let (colours, gain) = (Colours::new(), exposure(&scene.set, shot));
        let (window, stride) = (self.visible.window, self.visible.window.width());
        let places: &[[f32; 2]] = if samples == 2 { &PLACES } else { &[[0.5, 0.5]] };
        let share = 1.0 / places.len() as f32;
        // Inside of a surface two samples across tell as much as four, and one where the person is large.
        let needed = if window.height() >= LARGE * samples { 1 } else { 2 };
        for y in window.y0 / samples..window.y1 / samples {
            for x in window.x0 / samples..window.x1 / samples {
                let at = y * width + x;
                let first = (y * samples - window.y0) * stride + x * samples - window.x0;
                let behind = self.backdrop.depth_m[at];
                let (mut light, mut shaded, mut covered, mut nearness) = (Vec3A::ZERO, 0, 0, 0.0f32);
                let whole = samples == 2 && !self.backdrop.edge[at] && self.is_even(first, stride);
                for (sample, &[dx, dy]) in places.iter().enumerate() {
                    let (row, column) = (sample / samples, sample % samples);
                    let index = first + row * stride + column;
                    let triangle = self.visible.triangle[index];
                    if triangle == NONE {
                        continue;
                    }
                    let near = self.visible.nearness[index];
                    if self.backdrop.edge[at] {
                        let way = rays.through(x as f32 + dx, y as f32 + dy);
                        if scene.set.trace(rays.origin, way, rays.pixel, |_| true).distance * near < 1.0 {
                            continue;
                        }
                    } else if behind * near < 1.0 {
                        continue;
                    }
                    nearness = nearness.max(near);
                    covered += 1;
                    if whole && (row != column || shaded == needed) {
                        continue;
                    }
                    let place = Vec2::new((x * samples + column) as f32 + 0.5, (y * samples + row) as f32 + 0.5);
                    light += tone(gain * self.shade(scene, &colours, triangle, place));
                    shaded += 1;
                }
                if shaded == 0 {
                    continue;
                }
                let light = light / shaded as f32;
                let share_covered = covered as f32 * share;
                let under = &mut picture.rgb[3 * at..3 * at + 3];
                let beside = colours.decode([under[0], under[1], under[2]]);
                under.copy_from_slice(&colours.encode(beside.lerp(light, share_covered)));
                picture.mask[at] = (255.0 * share_covered).round() as u8;
                picture.depth_m[at] = 1.0 / nearness;
            }
        }
    }

    /// Whether the four samples from `first` on lie on one surface.
    #[inline]
    fn is_even(&self, first: usize, stride: usize) -> bool {
        let Visibility { triangle, nearness, .. } = &self.visible;
        let at = [first, first + 1, first + stride, first + stride + 1];
        let near = at.map(|index| nearness[index]);
        let (low, high) =
            (near[0].min(near[1]).min(near[2].min(near[3])), near[0].max(near[1]).max(near[2].max(near[3])));
        // Depths within three parts in a hundred: under a hand's thickness for anyone two metres away or more.
        at.iter().all(|&index| triangle[index] != NONE) && low > 0.97 * high
    }

    /// Radiance of a triangle at a sample.
    #[inline]
    fn shade(&self, scene: &Scene, colours: &Colours, triangle: u32, place: Vec2) -> Vec3A {
        let corners = scene.triangles[triangle as usize];
        let [a, b, c] = corners.map(|vertex| self.vertices[vertex as usize]);
        // Weights in the picture, then, through the depths, on the surface.
        let (ab, ac, ap) = (b.place() - a.place(), c.place() - a.place(), place - a.place());
        let inverse = 1.0 / ab.perp_dot(ac);
        let (wb, wc) = (ap.perp_dot(ac) * inverse, ab.perp_dot(ap) * inverse);
        let (wa, wb, wc) = ((1.0 - wb - wc) * a.nearness, wb * b.nearness, wc * c.nearness);
        let whole = 1.0 / (wa + wb + wc);
        let (wa, wb, wc) = (wa * whole, wb * whole, wc * whole);
        let [la, lb, lc] = corners.map(|vertex| scene.light[vertex as usize]);
        let [ua, ub, uc] = corners.map(|vertex| scene.uvs[vertex as usize]);
        colours.decode(scene.skin(triangle).at(ua * wa + ub * wb + uc * wc)) * (la * wa + lb * wb + lc * wc)
    }
}
