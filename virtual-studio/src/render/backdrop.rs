//! Static surfaces, drawn once for each camera, and the picture over which the person is drawn.

use glam::{Vec2, Vec3A};

use super::area::Area;
use super::colour::{Colours, tone};
use super::lit_scene::Scene;
use super::rays::Rays;
use super::set::{Hit, Set};
use super::shadow::light_axes;
use super::{RenderedPicture, Shot};

/// What a camera sees without the person, in full sun and in the person's shadow.
#[derive(Debug, Default)]
pub(crate) struct Backdrop {
    /// The shot for which it was drawn.
    shot: Option<Shot>,
    sunlit: Vec<[u8; 3]>,
    shaded: Vec<[u8; 3]>,
    /// Depth along the camera's axis, metres; infinite for the sky.
    pub depth_m: Vec<f32>,
    /// Pixels in or beside which surfaces meet.
    pub edge: Vec<bool>,
    /// Fields of [`FIELD`] × [`FIELD`] pixels, row by row.
    fields: Vec<Field>,
    surface: Vec<u32>,
}

/// Side of a field in pixels.
const FIELD: usize = 16;

/// Bounds of the surfaces in a field of pixels, so that most fields can skip shadows.
#[derive(Clone, Copy, Debug)]
struct Field {
    /// Across the light of the sun.
    across_light: Area,
    /// Bounds of the parts on the floor, x and z.
    on_floor: Area,
}

/// Surfaces below this height are the floor, metres.
const FLOOR_M: f32 = 0.01;

/// Four positions in a pixel, no two in the same row or column.
pub(crate) const PLACES: [[f32; 2]; 4] = [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]];

impl Backdrop {
    /// What a camera sees without the person, in their shadow.
    pub fn picture(&mut self, scene: &Scene, shot: &Shot, rays: &Rays) -> RenderedPicture {
        self.draw(&scene.set, shot, rays);
        let [width, height] = shot.camera.intrinsics.size_px();
        let mut picture = RenderedPicture {
            width,
            height,
            rgb: self.sunlit.as_flattened().to_vec(),
            mask: vec![0; self.sunlit.len()],
            depth_m: self.depth_m.clone(),
        };
        self.throw_shadow(scene, rays, &mut picture);
        picture
    }

    /// Darkens surfaces that the body shades from the sun and the sky.
    fn throw_shadow(&self, scene: &Scene, rays: &Rays, picture: &mut RenderedPicture) {
        let (width, height) = (picture.width as usize, picture.height as usize);
        let (shadow, contact) = (&scene.shadow_area, &scene.contact_area);
        for (index, field) in self.fields.iter().enumerate() {
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
    fn darken(&self, scene: &Scene, rays: &Rays, x: usize, y: usize, picture: &mut RenderedPicture) {
        let at = y * picture.width as usize + x;
        let depth = self.depth_m[at];
        if depth == f32::INFINITY {
            return;
        }
        let point = rays.origin + rays.through(x as f32 + 0.5, y as f32 + 0.5) * depth;
        let sunlit = scene.shadow.sunlit(point);
        let open = if point.y < FLOOR_M { scene.contact.open(point.x, point.z) } else { 1.0 };
        if sunlit < 1.0 || open < 1.0 {
            let colours = Colours::new();
            let shaded = colours.decode(self.shaded[at]);
            let full = colours.decode(self.sunlit[at]);
            let rgb = colours.encode(shaded * open + (full - shaded) * sunlit);
            picture.rgb[3 * at..3 * at + 3].copy_from_slice(&rgb);
        }
    }

    /// Draws it, unless it is already drawn for this shot.
    fn draw(&mut self, set: &Set, shot: &Shot, rays: &Rays) {
        if self.shot.as_ref() == Some(shot) {
            return;
        }
        self.shot = Some(*shot);
        let [width, height] = shot.camera.intrinsics.size_px().map(|side| side as usize);
        let pixels = width * height;
        self.sunlit.resize(pixels, [0; 3]);
        self.shaded.resize(pixels, [0; 3]);
        self.depth_m.resize(pixels, 0.0);
        self.surface.resize(pixels, 0);
        let (extents, colours) = (set.extents(&shot.camera), Colours::new());
        let gain = exposure(set, shot);
        let (axes, across) = (light_axes(set.light.above()), width.div_ceil(FIELD));
        self.fields.clear();
        self.fields
            .resize(across * height.div_ceil(FIELD), Field { across_light: Area::NOTHING, on_floor: Area::NOTHING });
        for y in 0..height {
            for x in 0..width {
                let direction = rays.through(x as f32 + 0.5, y as f32 + 0.5);
                let hit = set.trace(rays.origin, direction, rays.pixel, |block| {
                    let [x0, y0, x1, y1] = extents[block];
                    (x0..x1).contains(&x) && (y0..y1).contains(&y)
                });
                let at = y * width + x;
                (self.sunlit[at], self.shaded[at]) = encoded(&colours, gain, &[hit]);
                self.depth_m[at] = hit.distance;
                self.surface[at] = hit.surface;
                if hit.distance < f32::INFINITY {
                    let point = rays.origin + direction * hit.distance;
                    let field = &mut self.fields[y / FIELD * across + x / FIELD];
                    field.across_light.hold((axes * point).truncate());
                    if point.y < FLOOR_M {
                        field.on_floor.hold(Vec2::new(point.x, point.z));
                    }
                }
            }
        }
        self.smooth(set, rays, width, gain, &colours);
    }

    /// Four rays instead of one for each pixel beside another surface.
    fn smooth(&mut self, set: &Set, rays: &Rays, width: usize, gain: Vec3A, colours: &Colours) {
        let pixels = self.surface.len();
        self.edge.clear();
        self.edge.resize(pixels, false);
        for at in 0..pixels {
            let (right, below) = (at + 1, at + width);
            for other in [right, below] {
                let same_row = other == below || other % width != 0;
                if other < pixels && same_row && self.surface[at] != self.surface[other] {
                    self.edge[at] = true;
                    self.edge[other] = true;
                }
            }
        }
        for at in (0..pixels).filter(|&at| self.edge[at]) {
            let (x, y) = ((at % width) as f32, (at / width) as f32);
            let hits =
                PLACES.map(|[dx, dy]| set.trace(rays.origin, rays.through(x + dx, y + dy), rays.pixel, |_| true));
            (self.sunlit[at], self.shaded[at]) = encoded(colours, gain, &hits);
        }
    }
}

/// Radiance to the light of the picture.
pub(crate) fn exposure(set: &Set, shot: &Shot) -> Vec3A {
    Vec3A::from_array(shot.gain) * set.light.exposure()
}

/// The mean of some hits, in the sun and out of it.
fn encoded(colours: &Colours, gain: Vec3A, hits: &[Hit]) -> ([u8; 3], [u8; 3]) {
    let share = 1.0 / hits.len() as f32;
    let mut mean = [Vec3A::ZERO; 2];
    for hit in hits {
        let shaded = tone(gain * hit.soft);
        mean[1] += shaded;
        mean[0] += if hit.sun == Vec3A::ZERO { shaded } else { tone(gain * (hit.soft + hit.sun)) };
    }
    let shaded = colours.encode(mean[1] * share);
    (if mean[0] == mean[1] { shaded } else { colours.encode(mean[0] * share) }, shaded)
}
