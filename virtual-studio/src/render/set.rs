//! Ray-traced static surfaces: the surround, and blocks on its floor.

use glam::Vec3A;

use super::{Block, Environment, Light, Room};
use crate::rig::VirtualCamera;

/// The scene without the person.
#[derive(Clone, Debug)]
pub struct Set {
    pub surround: Surround,
    /// Furniture behind the person, posts and boxes before them.
    pub blocks: Vec<Block>,
    pub light: Light,
}

/// The background.
#[derive(Clone, Debug)]
pub enum Surround {
    /// Black, without a floor.
    Black,
    /// A panorama whose lower half is projected onto the floor, as seen from 1.6 m above the origin.
    Environment(Environment),
    Room(Box<Room>),
}

/// The hit of a ray.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hit {
    /// Distance in lengths of the ray's direction; infinite for the sky.
    pub distance: f32,
    /// Radiance without the sun.
    pub soft: Vec3A,
    /// The sun's contribution unless blocks shade it.
    pub sun: Vec3A,
    /// An id that differs between adjacent surfaces.
    pub surface: u32,
}

/// Height of the eye that saw the panorama, and radius of the dome it is on, metres.
const EYE_M: f32 = 1.6;
const DOME_M: f32 = 14.0;

impl Set {
    /// For each block, the pixels in which it can be.
    pub(crate) fn extents(&self, camera: &VirtualCamera) -> Vec<[usize; 4]> {
        self.blocks.iter().map(|block| block.extent(camera)).collect()
    }

    /// The hit of a ray. `pixel` is the width of a pixel at distance 1; `block` tells which blocks can be hit.
    pub(crate) fn trace(&self, origin: Vec3A, direction: Vec3A, pixel: f32, block: impl Fn(usize) -> bool) -> Hit {
        let mut nearest = match &self.surround {
            Surround::Black => None,
            Surround::Environment(_) => floor_at(origin, direction).map(|t| (t, Vec3A::Y, 1, None)),
            Surround::Room(room) => room.meet(origin, direction),
        };
        for (index, candidate) in self.blocks.iter().enumerate().filter(|(index, _)| block(*index)) {
            if let Some((t, normal, place, face)) = candidate.meet(origin, direction)
                && nearest.is_none_or(|(other, ..)| t < other)
            {
                let surface = 64 + 8 * index as u32 + face;
                nearest = Some((t, normal, surface, Some((&candidate.pattern, place))));
            }
        }
        let sky = |radiance| Hit { distance: f32::INFINITY, soft: radiance, sun: Vec3A::ZERO, surface: 0 };
        let Some((distance, normal, surface, pattern)) = nearest else {
            return sky(match &self.surround {
                Surround::Environment(environment) => environment.lookup(on_dome(origin, direction)),
                _ => Vec3A::ZERO,
            });
        };
        let point = origin + direction * distance;
        let (mut soft, mut sun) = (self.light.soft(normal), self.sun_on(point, normal));
        match (pattern, &self.surround) {
            (Some((pattern, place)), _) => {
                let slope = (direction.dot(normal).abs() / direction.length()).max(0.05);
                let reflectance = pattern.reflectance(place, pixel * distance / slope);
                soft *= reflectance;
                sun *= reflectance;
            }
            (None, Surround::Environment(environment)) => {
                // The panorama shows the floor already lit by the sun.
                let seen = environment.lookup(point - Vec3A::Y * EYE_M);
                let free = self.light.sun().map_or(Vec3A::ZERO, |sun| Vec3A::from(sun.radiance) * sun.direction.y);
                let whole = (soft + free).max(Vec3A::splat(1e-9));
                soft = seen * soft / whole;
                sun = seen * sun / whole;
            }
            (None, _) => {}
        }
        let lit = if sun == Vec3A::ZERO { 0 } else { 1 << 31 };
        Hit { distance, soft, sun, surface: surface | lit }
    }

    /// The sun's light on a matt white surface, which blocks may shade.
    #[inline]
    pub(crate) fn sun_on(&self, point: Vec3A, normal: Vec3A) -> Vec3A {
        let Some(sun) = self.light.sun() else { return Vec3A::ZERO };
        let towards = Vec3A::from(sun.direction);
        let facing = normal.dot(towards);
        if facing <= 0.0 || self.blocks.iter().any(|block| block.meet(point + normal * 2e-3, towards).is_some()) {
            return Vec3A::ZERO;
        }
        Vec3A::from(sun.radiance) * facing
    }
}

fn floor_at(origin: Vec3A, direction: Vec3A) -> Option<f32> {
    let t = -origin.y / direction.y;
    let point = origin + direction * t;
    let inside = point.x * point.x + point.z * point.z < DOME_M * DOME_M - EYE_M * EYE_M;
    (direction.y < 0.0 && t > 0.0 && inside).then_some(t)
}

/// The direction from the middle of the dome to the point where a ray leaves it.
fn on_dome(origin: Vec3A, direction: Vec3A) -> Vec3A {
    let o = origin - Vec3A::Y * EYE_M;
    let (a, b, c) = (direction.length_squared(), o.dot(direction), o.length_squared() - DOME_M * DOME_M);
    let root = b * b - a * c;
    if c > 0.0 || root < 0.0 {
        return direction;
    }
    o + direction * ((root.sqrt() - b) / a)
}

#[cfg(test)]
mod tests {
    use glam::Vec3;

    use super::*;
    use crate::render::{Pattern, Sky};

    fn block() -> Block {
        let pattern = Pattern::plain(Vec3A::splat(0.5));
        Block::new(Vec3::new(0.0, 0.5, 0.0), Vec3::new(1.0, 0.5, 0.25), 0.5, pattern)
    }

    #[test]
    fn a_block_is_met_at_its_side_and_shades_the_floor() {
        let environment = Environment::built_in(Sky::Noon);
        let set =
            Set { light: Light::of(&environment), surround: Surround::Environment(environment), blocks: vec![block()] };
        let down = set.trace(Vec3A::new(0.0, 3.0, 0.0), Vec3A::NEG_Y, 1e-3, |_| true);
        assert!((down.distance - 2.0).abs() < 1e-5);
        assert!(down.sun.max_element() > 0.0);
        let sun = set.light.sun().unwrap().direction;
        let behind = Vec3A::from(-sun.with_y(0.0).normalize() * 0.45);
        assert_eq!(set.sun_on(behind, Vec3A::Y), Vec3A::ZERO);
        assert!(set.sun_on(-behind * 5.0, Vec3A::Y).max_element() > 0.0);
    }

    #[test]
    fn floor_and_dome_meet_without_a_step() {
        let direction_at = |angle: f32| {
            let direction = Vec3A::new(0.0, -angle.sin(), -angle.cos());
            let origin = Vec3A::new(0.0, 1.2, 3.0);
            floor_at(origin, direction)
                .map_or(on_dome(origin, direction), |t| origin + direction * t - Vec3A::Y * EYE_M)
                .normalize()
        };
        let all: Vec<_> = (0..2000).map(|i| direction_at(0.03 + i as f32 * 5e-5)).collect();
        assert!(all.windows(2).all(|pair| pair[0].distance(pair[1]) < 1e-3));
    }
}
