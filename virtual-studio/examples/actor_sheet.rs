//! Contact sheets of people in motion, for a look before anything is trained.
//!
//! `contact_sheet OUT.png ACTOR MOTION…`: for each motion two rows, front and profile of its first facing, at six
//! times. Over each body the bones between its 17 labels, right red, left green.
//!
//! An actor is a glTF file or `seed:NUMBER`, with `TRIANGLES/` before it decimated and with `@SEED` after it in other
//! looks; NO_LABELS=1 leaves the bones out. A motion is a BVH file or `seed:NUMBER`; with `@SEED` it is widened, `LOWER+UPPER@SEED` mixes two.

use std::path::Path;
use std::sync::Arc;

use glam::{Quat, Vec3};
use virtual_studio::actor::gltf::{LoadOptions, load};
use virtual_studio::actor::{Actor, Bone, Looks, Proportions};
use virtual_studio::motion::widen::{Widened, Widening};
use virtual_studio::motion::{Clip, Grounded, Motion};
use virtual_studio::surface::Posed;

const TILE: usize = 400;
const TIMES: usize = 6;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [out, actor, motions @ ..] = args.as_slice() else { panic!("OUT.png ACTOR MOTION…") };
    let actor = actor_of(actor);
    let mut sheet = Sheet::new(TIMES, 2 * motions.len());
    for (row, motion) in motions.iter().enumerate() {
        draw_motion(&mut sheet, row, &actor, &Grounded::new(motion_of(motion), &actor));
    }
    sheet.save(out.as_ref());
}

fn seed(text: &str) -> u64 {
    text.parse().expect("a seed")
}

fn actor_of(text: &str) -> Actor {
    let (name, varied) = text.split_once('@').map_or((text, None), |(name, seed)| (name, Some(seed)));
    let (name, triangles) = name
        .split_once('/')
        .filter(|(n, _)| n.parse::<usize>().is_ok())
        .map_or((name, None), |(n, name)| (name, n.parse().ok()));
    let actor = match name.strip_prefix("seed:") {
        Some(text) => virtual_studio::actor::procedural::actor(seed(text)),
        None => load(name.as_ref(), LoadOptions { triangles, texture_px: None }).expect("an actor"),
    };
    match varied.map(seed) {
        Some(seed) => actor.with_looks(&Looks::sample(seed)).resized(&Proportions::sample(seed)),
        None => actor,
    }
}

fn motion_of(text: &str) -> Arc<dyn Motion> {
    let (name, varied) = text.split_once('@').map_or((text, None), |(name, seed)| (name, Some(seed)));
    let of = |name: &str| -> Arc<dyn Motion> {
        match name.strip_prefix("seed:") {
            Some(text) => Arc::new(virtual_studio::motion::procedural::clip(seed(text), 12.0)),
            None => Arc::new(Clip::load(name.as_ref()).expect("a clip")),
        }
    };
    let (lower, upper) = name.split_once('+').map_or((name, None), |(lower, upper)| (lower, Some(upper)));
    match varied.map(seed) {
        Some(seed) => Arc::new(Widened::new(of(lower), upper.map(of), Widening::strong(seed))),
        None => of(lower),
    }
}

fn draw_motion(sheet: &mut Sheet, row: usize, actor: &Actor, motion: &impl Motion) {
    let forward = (motion.at(0.0).rotation(Bone::Hips) * Vec3::Z).with_y(0.0).normalize();
    let to_front = Quat::from_rotation_y(-forward.x.atan2(forward.z));
    let to_profile = Quat::from_rotation_y(-std::f32::consts::FRAC_PI_2) * to_front;
    let mut posed = Posed::default();
    for column in 0..TIMES {
        let time_s = motion.duration_s() * column as f64 / (TIMES - 1) as f64;
        actor.pose(&motion.at(time_s), &mut posed);
        let centre = Vec3::from(posed.joints[0]).with_y(0.0);
        for (side, view) in [to_front, to_profile].iter().enumerate() {
            sheet.draw(column, 2 * row + side, actor, &posed, |point| *view * (Vec3::from(point) - centre));
        }
    }
}

struct Sheet {
    width: usize,
    rgb: Vec<u8>,
    depth: Vec<f32>,
}

impl Sheet {
    fn new(columns: usize, rows: usize) -> Self {
        let pixels = columns * rows * TILE * TILE;
        Self { width: columns * TILE, rgb: vec![70; 3 * pixels], depth: vec![f32::NEG_INFINITY; pixels] }
    }

    /// Orthographic, 2.2 m to a tile, the floor at 2.1 m from the top.
    fn draw(&mut self, column: usize, row: usize, actor: &Actor, posed: &Posed, view: impl Fn([f32; 3]) -> Vec3) {
        let scale = TILE as f32 / 2.2;
        let place = |point: Vec3| (scale * (point.x + 1.1), scale * (2.1 - point.y), point.z);
        let light = Vec3::new(0.4, 0.6, 0.7).normalize();
        for x in 0..TILE {
            self.put(column, row, x as f32, scale * 2.1, -9.0, [110; 3]);
        }
        for (part, shape) in actor.parts().iter().zip(&posed.shapes) {
            let points: Vec<_> = shape.positions.iter().map(|&point| place(view(point))).collect();
            for triangle in &part.triangles {
                let [a, b, c] = triangle.map(|index| points[index as usize]);
                let area = (b.0 - a.0) * (c.1 - a.1) - (b.1 - a.1) * (c.0 - a.0);
                if area == 0.0 {
                    continue;
                }
                let (low, high) =
                    ((a.0.min(b.0).min(c.0), a.1.min(b.1).min(c.1)), (a.0.max(b.0).max(c.0), a.1.max(b.1).max(c.1)));
                for y in low.1.floor() as i32..=high.1.ceil() as i32 {
                    for x in low.0.floor() as i32..=high.0.ceil() as i32 {
                        let (px, py) = (x as f32, y as f32);
                        let w0 = ((b.0 - px) * (c.1 - py) - (b.1 - py) * (c.0 - px)) / area;
                        let w1 = ((c.0 - px) * (a.1 - py) - (c.1 - py) * (a.0 - px)) / area;
                        let w2 = 1.0 - w0 - w1;
                        if w0 < 0.0 || w1 < 0.0 || w2 < 0.0 {
                            continue;
                        }
                        let weights = [w0, w1, w2];
                        let mix = |of: &dyn Fn(usize) -> f32| (0..3).map(|i| weights[i] * of(i)).sum::<f32>();
                        let vertex = |i: usize| triangle[i] as usize;
                        let texture = &part.texture;
                        let texel = |axis: usize, size: u32| {
                            let coordinate = mix(&|i| part.uvs[vertex(i)][axis]);
                            ((coordinate.rem_euclid(1.0) * size as f32) as usize).min(size as usize - 1)
                        };
                        let at = 3 * (texel(1, texture.height) * texture.width as usize + texel(0, texture.width));
                        let origin = view([0.0; 3]);
                        let normal: Vec3 = (0..3).map(|i| weights[i] * (view(shape.normals[vertex(i)]) - origin)).sum();
                        let shade = 0.45 + 0.55 * normal.normalize_or_zero().dot(light).max(0.0);
                        let colour = [0, 1, 2].map(|i| (f32::from(texture.rgb[at + i]) * shade) as u8);
                        self.put(column, row, px, py, mix(&|i| [a.2, b.2, c.2][i]), colour);
                    }
                }
            }
        }
        for &(from, to) in pose::BONES.iter().filter(|_| std::env::var_os("NO_LABELS").is_none()) {
            let (a, b) = (place(view(posed.joints[from])), place(view(posed.joints[to])));
            let colour = match to {
                1..=3 | 14..=16 => [255, 60, 60],
                4..=6 | 11..=13 => [60, 220, 60],
                _ => [80, 160, 255],
            };
            for step in 0..=60 {
                let share = step as f32 / 60.0;
                let (x, y) = (a.0 + share * (b.0 - a.0), a.1 + share * (b.1 - a.1));
                self.put(column, row, x, y, 9.0, colour);
                self.put(column, row, x + 1.0, y, 9.0, colour);
            }
        }
    }

    fn put(&mut self, column: usize, row: usize, x: f32, y: f32, z: f32, colour: [u8; 3]) {
        if x < 0.0 || y < 0.0 || x >= TILE as f32 || y >= TILE as f32 {
            return;
        }
        let pixel = (row * TILE + y as usize) * self.width + column * TILE + x as usize;
        if z >= self.depth[pixel] {
            self.depth[pixel] = z;
            self.rgb[3 * pixel..3 * pixel + 3].copy_from_slice(&colour);
        }
    }

    fn save(&self, path: &Path) {
        let height = self.rgb.len() / 3 / self.width;
        image::save_buffer(path, &self.rgb, self.width as u32, height as u32, image::ColorType::Rgb8)
            .expect("a picture");
    }
}
