//! Everything that stands still, met by rays: the surround, and blocks on its floor.

use glam::{Vec2, Vec3, Vec3A};

use super::{Environment, Light, Pattern};
use crate::rig::Camera;

/// A place without its person.
#[derive(Clone, Debug)]
pub struct Set {
    pub surround: Surround,
    /// Furniture behind the person, posts and boxes before them.
    pub blocks: Vec<Block>,
    pub light: Light,
}

/// What is behind everything.
#[derive(Clone, Debug)]
pub enum Surround {
    /// Nothing, and no floor either.
    Black,
    /// A panorama whose lower half lies on the floor, as a photographer of 1.6 m saw it from the origin.
    Environment(Environment),
    Room(Box<Room>),
}

/// Four walls, floor and ceiling.
#[derive(Clone, Debug)]
pub struct Room {
    /// Of the floor, x and z, metres.
    pub centre: Vec2,
    /// Half its length along x and z.
    pub half: Vec2,
    pub height: f32,
    pub floor: Pattern,
    pub ceiling: Pattern,
    /// At +x, −x, +z and −z.
    pub walls: [Pattern; 4],
    /// Pictures, doors and windows.
    pub panels: Vec<Panel>,
}

/// A rectangle on a wall.
#[derive(Clone, Copy, Debug)]
pub struct Panel {
    /// Index into [`Room::walls`].
    pub wall: usize,
    /// Corners along the wall and above the floor, metres.
    pub low: Vec2,
    pub high: Vec2,
    pub pattern: Pattern,
}

/// A box that stands upright, turned about the vertical.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    pub centre: Vec3A,
    /// Half of each side.
    pub half: Vec3A,
    sin_cos: (f32, f32),
    pub pattern: Pattern,
}

/// Where a ray ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hit {
    /// In lengths of the ray's direction; infinite for the sky.
    pub distance: f32,
    /// Radiance without the sun.
    pub soft: Vec3A,
    /// What the sun adds where nothing but blocks stands in its way.
    pub sun: Vec3A,
    /// Differs between surfaces that meet at an edge.
    pub surface: u32,
}

/// Height of the eye that saw the panorama, and radius of the dome it is on, metres.
const EYE_M: f32 = 1.6;
const DOME_M: f32 = 14.0;

impl Block {
    pub fn new(centre: Vec3, half: Vec3, yaw_rad: f32, pattern: Pattern) -> Self {
        Self { centre: centre.into(), half: half.into(), sin_cos: yaw_rad.sin_cos(), pattern }
    }

    fn turn_in(&self, v: Vec3A) -> Vec3A {
        let (sin, cos) = self.sin_cos;
        Vec3A::new(cos * v.x - sin * v.z, v.y, sin * v.x + cos * v.z)
    }

    fn turn_out(&self, v: Vec3A) -> Vec3A {
        let (sin, cos) = self.sin_cos;
        Vec3A::new(cos * v.x + sin * v.z, v.y, cos * v.z - sin * v.x)
    }

    /// Distance and normal of the side that a ray meets first, with the place on it, from outside.
    fn meet(&self, origin: Vec3A, direction: Vec3A) -> Option<(f32, Vec3A, Vec2, u32)> {
        let (o, d) = (self.turn_in(origin - self.centre), self.turn_in(direction));
        let inverse = d.recip();
        let (a, b) = ((-self.half - o) * inverse, (self.half - o) * inverse);
        let (enter, leave) = (a.min(b), a.max(b));
        let near = enter.max_element();
        if !(near > 1e-3 && near <= leave.min_element()) {
            return None;
        }
        let axis = enter.max_position();
        let mut normal = Vec3A::ZERO;
        normal[axis] = -d[axis].signum();
        let at = o + d * near;
        let place = match axis {
            0 => Vec2::new(at.z, at.y),
            1 => Vec2::new(at.x, at.z),
            _ => Vec2::new(at.x, at.y),
        };
        let face = 2 * axis as u32 + u32::from(d[axis] > 0.0);
        Some((near, self.turn_out(normal), place, face))
    }

    /// The rectangle of pixels, [x0, x1) × [y0, y1), that the block can be in.
    fn extent(&self, camera: &Camera) -> [usize; 4] {
        let [width, height] = camera.intrinsics.size_px();
        let (mut low, mut high) = (Vec2::INFINITY, Vec2::NEG_INFINITY);
        for i in 0..8 {
            let sign = Vec3A::from_array(std::array::from_fn(|axis| if i >> axis & 1 == 0 { -1.0 } else { 1.0 }));
            let corner = camera.to_camera((self.centre + self.turn_out(self.half * sign)).into());
            if corner.z < 0.05 {
                return [0, 0, width as usize, height as usize];
            }
            let px = camera.intrinsics.pixel(Vec2::new(corner.x, corner.y) / corner.z);
            (low, high) = (low.min(px), high.max(px));
        }
        // Distortion bends edges outward past their corners by little.
        let margin = 2.0 + 0.02 * (high - low).max_element();
        let clip = |value: f32, side: u32| value.clamp(0.0, side as f32) as usize;
        [
            clip(low.x - margin, width),
            clip(low.y - margin, height),
            clip(high.x + margin + 1.0, width),
            clip(high.y + margin + 1.0, height),
        ]
    }
}

impl Set {
    /// For each block the pixels that it can be in.
    pub(crate) fn extents(&self, camera: &Camera) -> Vec<[usize; 4]> {
        self.blocks.iter().map(|block| block.extent(camera)).collect()
    }

    /// What a ray meets. `pixel` is the width of a pixel at distance 1; `block` says which blocks can be in the way.
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
                // The panorama shows the floor as it was lit, sun and all.
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

    /// What the sun gives to a matt white surface that blocks may shade.
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

type Meeting<'a> = (f32, Vec3A, u32, Option<(&'a Pattern, Vec2)>);

impl Room {
    /// The wall, floor or ceiling that a ray from inside leaves through.
    fn meet(&self, origin: Vec3A, direction: Vec3A) -> Option<Meeting<'_>> {
        let middle = Vec3A::new(self.centre.x, 0.5 * self.height, self.centre.y);
        let half = Vec3A::new(self.half.x, 0.5 * self.height, self.half.y);
        let o = origin - middle;
        let times = (half.copysign(direction) - o) / direction;
        let axis = times.min_position();
        let t = times[axis];
        if !(t.is_finite() && t > 0.0) {
            return None;
        }
        let forward = direction[axis] > 0.0;
        let mut normal = Vec3A::ZERO;
        normal[axis] = if forward { -1.0 } else { 1.0 };
        let at = o + direction * t;
        if axis == 1 {
            let pattern = if forward { &self.ceiling } else { &self.floor };
            return Some((t, normal, 1 + u32::from(forward), Some((pattern, Vec2::new(at.x, at.z)))));
        }
        let wall = axis + usize::from(!forward);
        let place = Vec2::new(if axis == 0 { at.z } else { at.x }, at.y + half.y);
        let inside =
            |panel: &Panel| panel.wall == wall && place.cmpge(panel.low).all() && place.cmplt(panel.high).all();
        let (surface, pattern, place) = match self.panels.iter().enumerate().find(|(_, panel)| inside(panel)) {
            Some((index, panel)) => (16 + index as u32 % 48, &panel.pattern, place - panel.low),
            None => (4 + wall as u32, &self.walls[wall], place),
        };
        Some((t, normal, surface, Some((pattern, place))))
    }
}

fn floor_at(origin: Vec3A, direction: Vec3A) -> Option<f32> {
    let t = -origin.y / direction.y;
    let point = origin + direction * t;
    let inside = point.x * point.x + point.z * point.z < DOME_M * DOME_M - EYE_M * EYE_M;
    (direction.y < 0.0 && t > 0.0 && inside).then_some(t)
}

/// The direction, seen from the middle of the dome, in which a ray leaves it.
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
    use super::*;
    use crate::render::Sky;

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
    fn rooms_are_closed() {
        let wall = Pattern::plain(Vec3A::splat(0.4));
        let room = Room {
            centre: Vec2::new(1.0, 0.0),
            half: Vec2::new(4.0, 5.0),
            height: 3.0,
            floor: wall,
            ceiling: wall,
            walls: [wall; 4],
            panels: Vec::new(),
        };
        for i in 0..500 {
            let (y, flat) = (i as f32 * 0.618).sin_cos();
            let direction = Vec3A::new(flat * (i as f32).cos(), y, flat * (i as f32).sin());
            let (t, normal, ..) = room.meet(Vec3A::new(0.0, 1.0, 0.0), direction).unwrap();
            let at = Vec3A::new(0.0, 1.0, 0.0) + direction * t;
            assert!(normal.dot(direction) < 0.0);
            assert!(at.y > -1e-3 && at.y < 3.001 && (at.x - 1.0).abs() < 4.001 && at.z.abs() < 5.001, "{at}");
        }
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
