//! Varies skin, clothes, caps and pixelated faces of a body by seed.

use std::collections::HashMap;
use std::sync::Arc;

use glam::Vec3;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::surface::{Part, Texture};

use super::atlas::{self, Patch};
use super::cap::Dome;
use super::skeleton::Bone;
use super::{Actor, neighbourhood};

/// How a person's look differs from the original.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Looks {
    /// Factors of red, green and blue.
    pub skin: Vec3,
    pub shirt: Option<Dye>,
    pub trousers: Option<Dye>,
    /// Trunk and arms in the colour of the skin.
    pub bare_torso: bool,
    /// Legs in the colour of the skin from above the knee.
    pub bare_legs: bool,
    /// sRGB.
    pub cap: Option<[u8; 3]>,
    /// The side of the face's squares.
    pub pixelated_face_m: Option<f32>,
}

/// A colour over the original texture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dye {
    /// sRGB, 0 to 1.
    pub colour: Vec3,
    /// From none (0) to full (1).
    pub strength: f32,
}

impl Looks {
    pub const AS_PAINTED: Self = Self {
        skin: Vec3::ONE,
        shirt: None,
        trousers: None,
        bare_torso: false,
        bare_legs: false,
        cap: None,
        pixelated_face_m: None,
    };

    /// Mostly clothes of other colours; one in seven bare, in shorts or with a cap, one in ten with a pixelated face.
    pub fn sample(seed: u64) -> Self {
        let rng = &mut ChaCha8Rng::seed_from_u64(seed);
        let skin = rng.random_range(0.75..1.2);
        Self {
            skin: Vec3::new(skin * rng.random_range(0.97..1.03), skin, skin * rng.random_range(0.94..1.04))
                .min(Vec3::splat(1.2)),
            shirt: Dye::sample(rng),
            trousers: Dye::sample(rng),
            bare_torso: rng.random_bool(0.14),
            bare_legs: rng.random_bool(0.14),
            cap: rng.random_bool(0.14).then(|| (colour(rng) * 255.0).to_array().map(|value| value as u8)),
            pixelated_face_m: rng.random_bool(0.1).then(|| rng.random_range(0.02..0.05)),
        }
    }
}

impl Dye {
    fn sample(rng: &mut impl Rng) -> Option<Self> {
        rng.random_bool(0.7).then(|| Self { colour: colour(rng), strength: rng.random_range(0.3..0.95) })
    }

    /// Keeps the shading of the cloth.
    fn over(&self, cloth: Vec3) -> Vec3 {
        let light = 0.3 + 0.9 * cloth.dot(LUMA);
        cloth.lerp(self.colour * light, self.strength)
    }
}

const LUMA: Vec3 = Vec3::new(0.299, 0.587, 0.114);

/// Any hue, from grey to strong.
fn colour(rng: &mut impl Rng) -> Vec3 {
    let (hue, saturation, value) =
        (rng.random_range(0.0..6.0f32), rng.random_range(0.0..0.85f32), rng.random_range(0.1..1.0f32));
    let channel = |shift: f32| {
        let k = (shift + hue) % 6.0;
        value * (1.0 - saturation * k.min(4.0 - k).clamp(0.0, 1.0))
    };
    Vec3::new(channel(5.0), channel(3.0), channel(1.0))
}

impl Actor {
    /// The same body with another look.
    pub fn with_looks(&self, looks: &Looks) -> Self {
        let mut actor = self.clone();
        let part = &self.parts[self.body];
        let patches = atlas::patches(part, &self.vertices[self.body]);
        let texture = Arc::new(self.painted(&part.texture, &patches, looks));
        actor.parts[self.body].texture = texture;
        if let Some((colour, dome)) = looks.cap.zip(Dome::fit(&self.vertices[self.body], &self.landmarks)) {
            for vertex in actor.vertices.iter_mut().flatten().filter(|vertex| vertex.owner() == Bone::Head) {
                vertex.position = dome.press(vertex.position);
            }
            let cap = dome.mesh(colour);
            actor.parts.push(Part { uvs: cap.uvs, triangles: cap.triangles, texture: cap.texture });
            actor.vertices.push(cap.vertices);
        }
        actor
    }

    fn painted(&self, texture: &Texture, patches: &[Option<Patch>], looks: &Looks) -> Texture {
        let mut painted = texture.clone();
        let old = texture.rgb.as_chunks::<3>().0;
        let skin = FaceColour::of(old, patches, self.landmarks.nose);
        let rest = |bone: Bone| self.armature.rest[bone.index()];
        let hem = 0.7 * rest(Bone::LeftLeg).y + 0.3 * rest(Bone::LeftUpLeg).y;
        let texels = old.iter().map(|rgb| Vec3::from(rgb.map(f32::from)) / 255.0);
        let texels: Vec<(Vec3, Option<Patch>)> = texels.zip(patches.iter().copied()).collect();
        // Patterns may have the colour of skin in spots; real skin has it all around.
        let alike: Vec<_> = texels.iter().map(|&(old, patch)| patch.map(|_| skin.is_like(old))).collect();
        let width = texture.width as usize;
        let skin_around = neighbourhood::share(&alike, width, (width / 100).max(1));
        for (index, rgb) in painted.rgb.as_chunks_mut::<3>().0.iter_mut().enumerate() {
            let (old, Some(patch)) = texels[index] else { continue };
            let region = Garment::of(patch.bone);
            let is_skin = skin_around[index] > 0.5;
            let bare = match region {
                Garment::Head => true,
                _ if is_skin => true,
                Garment::Torso => looks.bare_torso,
                Garment::Legs => looks.bare_legs && patch.at.y < hem,
                Garment::Shoes => false,
            };
            let new = match (region, bare) {
                (Garment::Head, _) if !is_skin => old,
                (_, true) if is_skin => old * looks.skin,
                (_, true) => skin.instead_of(old) * looks.skin,
                (Garment::Torso, false) => looks.shirt.map_or(old, |dye| dye.over(old)),
                (Garment::Legs, false) => looks.trousers.map_or(old, |dye| dye.over(old)),
                _ => old,
            };
            *rgb = (new.clamp(Vec3::ZERO, Vec3::ONE) * 255.0).to_array().map(|value| value as u8);
        }
        if let Some(cell_m) = looks.pixelated_face_m {
            self.pixelate_face(&mut painted, patches, cell_m);
        }
        atlas::dilate(&mut painted, |texel| patches[texel].is_some());
        painted
    }
}

impl Actor {
    /// Replaces squares, as seen from the front, by their mean colour.
    fn pixelate_face(&self, texture: &mut Texture, patches: &[Option<Patch>], cell_m: f32) {
        let nose = self.landmarks.nose;
        let centre = nose - 0.03 * Vec3::Z;
        let reach = 0.65 * (self.landmarks.crown.y - nose.y);
        let cell = |patch: &Option<Patch>| {
            let patch = patch.filter(|patch| patch.bone == Bone::Head && patch.at.distance(centre) < reach)?;
            let steps = ((patch.at - nose) / cell_m).round();
            Some((steps.x as i32, steps.y as i32))
        };
        let texels = texture.rgb.as_chunks_mut::<3>().0;
        let mut sums: HashMap<(i32, i32), (Vec3, f32)> = HashMap::new();
        for (rgb, patch) in texels.iter().zip(patches) {
            if let Some(cell) = cell(patch) {
                let (sum, count) = sums.entry(cell).or_default();
                *sum += Vec3::from(rgb.map(f32::from));
                *count += 1.0;
            }
        }
        for (rgb, patch) in texels.iter_mut().zip(patches) {
            if let Some((sum, count)) = cell(patch).and_then(|cell| sums.get(&cell)) {
                *rgb = (*sum / *count).to_array().map(|value| value as u8);
            }
        }
    }
}

/// The region of the body with respect to clothes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Garment {
    Head,
    Torso,
    Legs,
    Shoes,
}

impl Garment {
    fn of(bone: Bone) -> Self {
        match bone {
            Bone::Head => Self::Head,
            Bone::LeftFoot | Bone::LeftToe | Bone::RightFoot | Bone::RightToe => Self::Shoes,
            Bone::Hips => Self::Legs,
            bone if bone.is_leg() => Self::Legs,
            _ => Self::Torso,
        }
    }
}

/// The colour of a face.
#[derive(Clone, Copy, Debug)]
struct FaceColour {
    colour: Vec3,
}

impl FaceColour {
    /// The median, by channel, of the texture within 7 cm of the nose.
    fn of(texels: &[[u8; 3]], patches: &[Option<Patch>], nose: Vec3) -> Self {
        let near = |patch: &Option<Patch>| patch.is_some_and(|p| p.bone == Bone::Head && p.at.distance(nose) < 0.07);
        let face: Vec<[u8; 3]> = texels.iter().zip(patches).filter(|(_, p)| near(p)).map(|(rgb, _)| *rgb).collect();
        let median = |channel: usize| {
            let mut values: Vec<u8> = face.iter().map(|rgb| rgb[channel]).collect();
            values.sort_unstable();
            values.get(values.len() / 2).map_or(0.5, |&value| f32::from(value) / 255.0)
        };
        Self { colour: Vec3::new(median(0), median(1), median(2)) }
    }

    /// Whether a colour has the same hue, and is neither much darker nor much lighter.
    fn is_like(&self, colour: Vec3) -> bool {
        let hue = |colour: Vec3| colour / (colour.element_sum() + 1e-3);
        let light = colour.dot(LUMA) / self.colour.dot(LUMA).max(0.05);
        (0.45..1.7).contains(&light) && hue(colour).distance(hue(self.colour)) < 0.055
    }

    /// Skin with a trace of the folds of the original cloth.
    fn instead_of(&self, cloth: Vec3) -> Vec3 {
        self.colour * (0.92 + 0.16 * cloth.dot(LUMA))
    }
}
