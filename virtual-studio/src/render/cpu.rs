//! The CPU renderer, which runs everywhere.

use glam::{Vec2, Vec3A};

use super::backdrop::{Backdrop, PLACES, exposure};
use super::colour::{Colours, tone};
use super::lit_scene::{NEAREST_M, Scene};
use super::raster::{NONE, ScreenVertex, Visibility, Window};
use super::rays::Rays;
use super::{RenderedPicture, Renderer, Set, Shot};
use crate::surface::{Part, Posed};

/// Rasterises on the processor.
pub struct Cpu {
    scene: Scene,
    views: Vec<CpuView>,
}

impl Cpu {
    /// `samples_per_side` is 1, or 2 for four samples in each pixel.
    pub fn new(parts: &[Part], set: Set, samples_per_side: usize) -> Self {
        Self { scene: Scene::new(parts, set, samples_per_side), views: Vec::new() }
    }
}

impl Renderer for Cpu {
    fn set_body(&mut self, body: &Posed) {
        self.scene.set_body(body);
    }

    fn draw(&mut self, view: usize, shot: &Shot) -> RenderedPicture {
        if self.views.len() <= view {
            self.views.resize_with(view + 1, CpuView::default);
        }
        self.views[view].draw(&self.scene, shot)
    }
}

/// Height of a person in pixels from which on their texture is no finer than the picture.
const LARGE: usize = 256;

/// Cached data of one camera.
#[derive(Default)]
struct CpuView {
    backdrop: Backdrop,
    vertices: Vec<ScreenVertex>,
    visible: Visibility,
}

impl CpuView {
    fn draw(&mut self, scene: &Scene, shot: &Shot) -> RenderedPicture {
        let rays = Rays::new(&shot.camera);
        let mut picture = self.backdrop.picture(scene, shot, &rays);
        self.project(scene, shot);
        self.resolve(scene, shot, &rays, &mut picture);
        picture
    }

    /// Projects vertices to samples, then finds the nearest triangle of each sample.
    fn project(&mut self, scene: &Scene, shot: &Shot) {
        let (camera, samples) = (&shot.camera, scene.samples as f32);
        let rotation = glam::Mat3A::from(camera.rotation);
        let offset = Vec3A::from(camera.translation());
        self.vertices.clear();
        self.vertices.extend(scene.positions.iter().map(|&position| {
            let at = rotation * position + offset;
            if at.z < NEAREST_M {
                return ScreenVertex::BEHIND;
            }
            let nearness = 1.0 / at.z;
            let px = camera.intrinsics.pixel(Vec2::new(at.x, at.y) * nearness) * samples;
            ScreenVertex::snap(px.x, px.y, nearness)
        }));
        let [width, height] = camera.intrinsics.size_px().map(|side| side as usize * scene.samples);
        let window = Window::around(&self.vertices, width, height, scene.samples);
        self.visible.draw(window, &self.vertices, &scene.triangles);
    }

    /// Shades the visible parts of the body, and blends them with the background in the same pixel.
    fn resolve(&self, scene: &Scene, shot: &Shot, rays: &Rays, picture: &mut RenderedPicture) {
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
