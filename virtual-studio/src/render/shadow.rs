//! The body's shadow in the sun.

use glam::{Mat3A, Vec2, Vec3, Vec3A};

use super::area::Area;
use super::floor::floor;
use super::raster::{ScreenVertex, draw_nearness};

/// Width and height of the map.
const SIDE: usize = 160;

/// A shadow map: the height towards the sun of each texel's first surface.
#[derive(Debug, Default)]
pub(crate) struct ShadowMap {
    /// World to the light's axes: right, down, towards the sun.
    axes: Mat3A,
    /// Position of the map's first corner.
    origin: Vec2,
    texels_per_m: f32,
    /// Along the sun's direction, metres from `floor`, larger towards the sun; −∞ for empty texels.
    nearest: Vec<f32>,
    floor: f32,
    /// Bounds of the body in the light's axes.
    low: Vec3A,
    high: Vec3A,
    lights: Vec<Vec3A>,
    vertices: Vec<ScreenVertex>,
}

impl ShadowMap {
    /// Draws the map of one instant. `towards_sun` has unit length.
    pub fn draw(&mut self, towards_sun: Vec3, positions: &[Vec3A], triangles: &[[u32; 3]]) {
        self.axes = light_axes(towards_sun);
        self.lights.clear();
        self.lights.extend(positions.iter().map(|&position| self.axes * position));
        let none = (Vec3A::INFINITY, Vec3A::NEG_INFINITY);
        let (low, high) = self.lights.iter().fold(none, |(low, high), &v| (low.min(v), high.max(v)));
        (self.low, self.high) = (low, high);
        self.nearest.clear();
        self.nearest.resize(SIDE * SIDE, f32::NEG_INFINITY);
        if !(low.is_finite() && high.is_finite()) {
            // No point reaches any texel.
            (self.origin, self.texels_per_m) = (Vec2::INFINITY, 1.0);
            return;
        }
        // Snap size and position, so that texels do not shimmer while the body moves.
        let span = (high - low).truncate().max_element();
        let width_m = ((span * SIDE as f32 / (SIDE as f32 - 8.0)) * 4.0).ceil() / 4.0;
        self.texels_per_m = SIDE as f32 / width_m;
        let middle = (0.5 * (low + high)).truncate();
        self.origin = (middle * self.texels_per_m - 0.5 * SIDE as f32).round() / self.texels_per_m;
        self.floor = low.z - 1.0;
        self.vertices.clear();
        self.vertices.extend(self.lights.iter().map(|light| {
            let place = (light.truncate() - self.origin) * self.texels_per_m;
            ScreenVertex::snap(place.x, place.y, light.z - self.floor)
        }));
        draw_nearness(&mut self.nearest, SIDE, &self.vertices, triangles);
    }

    /// Share of the sun that reaches a point past the body, 0 to 1, softened over three texels. Points outside are lit.
    #[inline]
    pub fn sunlit(&self, point: Vec3A) -> f32 {
        let light = self.axes * point;
        let nearness = light.z - self.floor;
        let place = (light.truncate() - self.origin) * self.texels_per_m - 2.0;
        let last = SIDE as f32 - 4.0;
        if nearness > self.high.z - self.floor || !(place.min_element() >= 0.0 && place.max_element() < last) {
            return 1.0;
        }
        let corner = floor(place);
        let part = place - corner;
        let weights_x = [1.0 - part.x, 1.0, 1.0, part.x];
        let weights_y = [1.0 - part.y, 1.0, 1.0, part.y];
        let start = corner.y as usize * SIDE + corner.x as usize;
        let mut lit = 0.0;
        for (row, weight_y) in weights_y.iter().enumerate() {
            let texels = &self.nearest[start + row * SIDE..][..4];
            let row: f32 =
                texels.iter().zip(&weights_x).map(|(&near, &weight)| if near <= nearness { weight } else { 0.0 }).sum();
            lit += weight_y * row;
        }
        lit / 9.0
    }

    /// Width of a texel in metres, within which self-shadowing is uncertain.
    pub fn texel_m(&self) -> f32 {
        1.0 / self.texels_per_m
    }

    /// Bounds of the body's shadow across the light: points outside are lit.
    pub fn area(&self) -> Area {
        // As far as the softening reaches.
        let margin = 2.0 * self.texel_m();
        Area { low: self.low.truncate() - margin, high: self.high.truncate() + margin }
    }
}

/// World to the axes of a light: right, down, towards it.
pub(crate) fn light_axes(towards_sun: Vec3) -> Mat3A {
    let (right, down) = towards_sun.any_orthonormal_pair();
    Mat3A::from_cols(right.into(), down.into(), towards_sun.into()).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A level square of one metre, one metre above the floor, under a sun that stands high.
    fn square() -> ShadowMap {
        let corners = [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)];
        let positions = corners.map(|(x, z)| Vec3A::new(x, 1.0, z));
        let mut map = ShadowMap::default();
        map.draw(Vec3::Y, &positions, &[[0, 1, 2], [0, 2, 3]]);
        map
    }

    #[test]
    fn below_is_dark_above_and_beside_is_lit() {
        let map = square();
        assert_eq!(map.sunlit(Vec3A::new(0.2, 0.0, 0.1)), 0.0);
        assert_eq!(map.sunlit(Vec3A::new(0.2, 1.5, 0.1)), 1.0);
        assert_eq!(map.sunlit(Vec3A::new(0.6, 0.0, 0.1)), 1.0);
        assert_eq!(map.sunlit(Vec3A::new(30.0, 0.0, 0.0)), 1.0);
        let edge = map.sunlit(Vec3A::new(0.5, 0.0, 0.0));
        assert!((0.2..0.8).contains(&edge), "{edge}");
    }

    #[test]
    fn a_low_sun_throws_the_shadow_away_from_it() {
        let positions = [Vec3A::new(-0.5, 1.0, -0.5), Vec3A::new(0.5, 1.0, -0.5), Vec3A::new(0.0, 1.0, 0.5)];
        let mut map = ShadowMap::default();
        map.draw(Vec3::new(1.0, 1.0, 0.0).normalize(), &positions, &[[0, 1, 2]]);
        assert_eq!(map.sunlit(Vec3A::new(-1.0, 0.0, -0.1)), 0.0);
        assert_eq!(map.sunlit(Vec3A::new(1.0, 0.0, -0.1)), 1.0);
        // On rays that pass close to the body, far behind it.
        assert_eq!(map.sunlit(Vec3A::new(-9.55, -9.0, 0.4)), 1.0);
        assert_eq!(map.sunlit(Vec3A::new(-10.0, -9.0, -0.1)), 0.0);
    }
}
