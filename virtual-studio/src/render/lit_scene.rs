//! A posed body, lit once for all views of an instant.

use glam::{Vec2, Vec3A};

use super::Set;
use super::area::Area;
use super::contact::Contact;
use super::shadow::ShadowMap;
use super::tiled_texture::TiledTexture;
use crate::surface::{Part, Posed};

/// Parts of the body nearer to a camera than this are not drawn, metres.
pub(super) const NEAREST_M: f32 = 0.05;

/// Data shared by all views of an instant.
pub(super) struct Scene {
    pub set: Set,
    pub samples: usize,
    pub uvs: Vec<Vec2>,
    pub triangles: Vec<[u32; 3]>,
    /// Where the triangles of each part end, and their texture.
    pub ends: Vec<u32>,
    skins: Vec<TiledTexture>,
    pub positions: Vec<Vec3A>,
    normals: Vec<Vec3A>,
    /// Light on matt white at each vertex.
    pub light: Vec<Vec3A>,
    pub shadow: ShadowMap,
    pub contact: Contact,
    /// Where shadow and shade are visible.
    pub shadow_area: Area,
    pub contact_area: Area,
}

impl Scene {
    pub fn new(parts: &[Part], set: Set, samples_per_side: usize) -> Self {
        let (mut uvs, mut triangles, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        for part in parts {
            let first = uvs.len() as u32;
            uvs.extend(part.uvs.iter().map(|&uv| Vec2::from(uv)));
            triangles.extend(part.triangles.iter().map(|triangle| triangle.map(|vertex| first + vertex)));
            ends.push(triangles.len() as u32);
        }
        Self {
            set,
            samples: samples_per_side.clamp(1, 2),
            uvs,
            triangles,
            ends,
            skins: parts.iter().map(|part| TiledTexture::new(&part.texture)).collect(),
            positions: Vec::new(),
            normals: Vec::new(),
            light: Vec::new(),
            shadow: ShadowMap::default(),
            contact: Contact::default(),
            shadow_area: Area::NOTHING,
            contact_area: Area::NOTHING,
        }
    }

    /// Sets the shapes, and lights each vertex once for all views.
    pub fn set_body(&mut self, body: &Posed) {
        self.positions.clear();
        self.normals.clear();
        for shape in &body.shapes {
            self.positions.extend(shape.positions.iter().map(|&position| Vec3A::from_array(position)));
            self.normals.extend(shape.normals.iter().map(|&normal| Vec3A::from_array(normal)));
        }
        debug_assert!(self.positions.len() == self.uvs.len() && self.normals.len() == self.uvs.len());
        let above = self.set.light.above();
        self.shadow.draw(above, &self.positions, &self.triangles);
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
    pub fn skin(&self, triangle: u32) -> &TiledTexture {
        &self.skins[self.ends.iter().position(|&end| triangle < end).unwrap_or(0)]
    }
}
