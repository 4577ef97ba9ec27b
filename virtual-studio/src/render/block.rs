//! Boxes on the floor.

use glam::{Vec2, Vec3, Vec3A};

use super::Pattern;
use crate::rig::VirtualCamera;

/// An upright box, turned about the vertical.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    pub centre: Vec3A,
    /// Half of each side.
    pub half: Vec3A,
    sin_cos: (f32, f32),
    pub pattern: Pattern,
}

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
    pub(super) fn meet(&self, origin: Vec3A, direction: Vec3A) -> Option<(f32, Vec3A, Vec2, u32)> {
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

    /// The rectangle of pixels, [x0, x1) × [y0, y1), in which the block can be.
    pub(super) fn extent(&self, camera: &VirtualCamera) -> [usize; 4] {
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
