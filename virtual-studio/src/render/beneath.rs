//! The picture that the person is drawn over.

use super::backdrop::{Backdrop, FIELD, FLOOR_M};
use super::colour::Colours;
use super::rays::Rays;
use super::scene::Scene;
use super::{Picture, Shot};

impl Backdrop {
    /// What a camera sees without the person, in their shadow.
    pub fn picture(&mut self, scene: &Scene, shot: &Shot, rays: &Rays) -> Picture {
        self.draw(&scene.set, shot, rays);
        let [width, height] = shot.camera.intrinsics.size_px();
        let mut picture = Picture {
            width,
            height,
            rgb: self.sunlit.as_flattened().to_vec(),
            mask: vec![0; self.sunlit.len()],
            depth_m: self.depth_m.clone(),
        };
        self.throw_shadow(scene, rays, &mut picture);
        picture
    }

    /// Darkens what the body keeps the sun and the sky from.
    fn throw_shadow(&self, scene: &Scene, rays: &Rays, picture: &mut Picture) {
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
    fn darken(&self, scene: &Scene, rays: &Rays, x: usize, y: usize, picture: &mut Picture) {
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
}
