//! An environment reduced to the light on matt surfaces: soft light from all around, and one sun that casts a shadow.

use std::f32::consts::PI;

use glam::{Vec3, Vec3A};

use super::Environment;

/// Light on matt white surfaces.
#[derive(Clone, Debug, PartialEq)]
pub struct Light {
    /// Irradiance over π as a polynomial of the normal: 1, y, z, x, xy, yz, 3z² − 1, xz, x² − y².
    soft: [Vec3A; 9],
    /// On level surfaces, which most rays hit.
    up: Vec3A,
    sun: Option<Sun>,
}

/// The dominant direction of an environment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sun {
    /// Towards it, unit length.
    pub direction: Vec3,
    /// Radiance of a matt white surface that faces it.
    pub radiance: Vec3,
}

/// Coefficients of the real spherical harmonics to degree 2, in the order of [`Light::soft`].
const BASIS: [f32; 9] = [
    0.282_094_8,
    0.488_602_5,
    0.488_602_5,
    0.488_602_5,
    1.092_548_4,
    1.092_548_4,
    0.315_391_6,
    1.092_548_4,
    0.546_274_2,
];

/// Factors of each degree for convolution with the cosine, over π (Ramamoorthi and Hanrahan 2001).
const BAND: [f32; 9] = [1.0, 2.0 / 3.0, 2.0 / 3.0, 2.0 / 3.0, 0.25, 0.25, 0.25, 0.25, 0.25];

/// The radius around the brightest point that counts as the sun, and that of its surroundings, radians.
const SUN_RADIUS: f32 = 0.3;
const RING_RADIUS: f32 = 0.5;
/// Minimum height of the sun; a lower one is raised, so that shadows stay on the stage.
const LOWEST_SUN: f32 = 0.38;

#[inline]
fn polynomial(n: Vec3) -> [f32; 9] {
    [1.0, n.y, n.z, n.x, n.x * n.y, n.y * n.z, 3.0 * n.z * n.z - 1.0, n.x * n.z, n.x * n.x - n.y * n.y]
}

impl Light {
    pub fn of(environment: &Environment) -> Self {
        let mut soft = [Vec3::ZERO; 9];
        let project = |soft: &mut [Vec3; 9], direction: Vec3, power: Vec3| {
            for ((sum, term), basis) in soft.iter_mut().zip(polynomial(direction)).zip(BASIS) {
                *sum += power * (basis * term);
            }
        };
        for (direction, solid, radiance) in environment.pixels() {
            project(&mut soft, direction, radiance * solid);
        }
        let mut sun = find_sun(environment);
        if let Some(sun) = &mut sun {
            // Remove the sun from the soft light, since it lights surfaces separately.
            project(&mut soft, sun.direction, -sun.radiance * PI);
            sun.direction = lifted(sun.direction);
        }
        let soft = std::array::from_fn(|i| Vec3A::from(soft[i] * (BASIS[i] * BAND[i])));
        Self { soft, up: Vec3A::ZERO, sun }.with_up()
    }

    fn with_up(mut self) -> Self {
        self.up = self.sum(Vec3::Y);
        self
    }

    fn sum(&self, n: Vec3) -> Vec3A {
        let sum = self.soft.iter().zip(polynomial(n)).fold(Vec3A::ZERO, |sum, (&soft, term)| sum + soft * term);
        sum.max(Vec3A::ZERO)
    }

    /// The same light in a room, whose walls, floor and ceiling reflect much of it.
    #[must_use]
    pub fn enclosed(mut self) -> Self {
        /// How much of the differences between directions remains in a room.
        const LEFT: f32 = 0.5;
        self.soft[1..].iter_mut().for_each(|soft| *soft *= LEFT);
        self.with_up()
    }

    /// Radiance of a matt white surface with normal `n` without the sun.
    #[inline]
    pub fn soft(&self, n: Vec3A) -> Vec3A {
        if n == Vec3A::Y { self.up } else { self.sum(n.into()) }
    }

    pub fn sun(&self) -> Option<&Sun> {
        self.sun.as_ref()
    }

    /// Direction of the light that casts shadows: the sun, or straight above.
    pub(crate) fn above(&self) -> Vec3 {
        self.sun.map_or(Vec3::Y, |sun| sun.direction)
    }

    /// A camera's automatic factors on radiance, which map white to a bright white almost without a tint.
    pub fn exposure(&self) -> Vec3A {
        const WHITE: f32 = 0.8;
        /// How much of a tint is removed.
        const BALANCE: f32 = 0.7;
        let typical = self.typical().max(Vec3::splat(1e-6));
        let grey = luminance(typical);
        let tint = Vec3A::from_array(typical.to_array().map(|value| (grey / value).clamp(0.4, 2.5).powf(BALANCE)));
        tint * (WHITE / grey)
    }

    /// Radiance of matt white, taken over the ways that people's surfaces face, some of them in the sun.
    fn typical(&self) -> Vec3 {
        let ways = [Vec3A::X, Vec3A::NEG_X, Vec3A::Z, Vec3A::NEG_Z, Vec3A::Y];
        let soft = ways.iter().map(|&way| Vec3::from(self.soft(way))).sum::<Vec3>() / ways.len() as f32;
        soft + self.sun.map_or(Vec3::ZERO, |sun| 0.3 * sun.radiance)
    }
}

fn lifted(direction: Vec3) -> Vec3 {
    let level = direction.with_y(0.0).try_normalize().unwrap_or(Vec3::X);
    let height = direction.y.asin().max(LOWEST_SUN);
    level * height.cos() + Vec3::Y * height.sin()
}

fn luminance(rgb: Vec3) -> f32 {
    rgb.dot(Vec3::new(0.2126, 0.7152, 0.0722))
}

fn find_sun(environment: &Environment) -> Option<Sun> {
    let peak = brightest(environment);
    let (mut ring, mut ring_solid) = (Vec3::ZERO, 0.0);
    let (near, far) = (SUN_RADIUS.cos(), RING_RADIUS.cos());
    for (direction, solid, radiance) in environment.pixels() {
        if (far..near).contains(&direction.dot(peak)) {
            ring += radiance * solid;
            ring_solid += solid;
        }
    }
    let around = ring / f32::max(ring_solid, 1e-6);
    let (mut power, mut towards) = (Vec3::ZERO, Vec3::ZERO);
    for (direction, solid, radiance) in environment.pixels() {
        if direction.dot(peak) >= near {
            let excess = (radiance - around).max(Vec3::ZERO) * solid;
            power += excess;
            towards += direction * luminance(excess);
        }
    }
    Some(Sun { direction: towards.try_normalize()?, radiance: power / PI })
}

/// The direction above the horizon around which most light comes from: of 32 × 16 fields of the sky the brightest.
fn brightest(environment: &Environment) -> Vec3 {
    const COLUMNS: usize = 32;
    const ROWS: usize = 16;
    let mut fields = [(0.0, Vec3::ZERO); COLUMNS * ROWS];
    for (direction, solid, radiance) in environment.pixels().filter(|(direction, ..)| direction.y > 0.0) {
        let row = (direction.y.acos() / PI * 2.0 * ROWS as f32) as usize;
        let column = ((direction.x.atan2(-direction.z) / (2.0 * PI) + 0.5) * COLUMNS as f32) as usize;
        let (power, towards) = &mut fields[row.min(ROWS - 1) * COLUMNS + column.min(COLUMNS - 1)];
        let light = luminance(radiance) * solid;
        *power += light;
        *towards += direction * light;
    }
    let best = fields.iter().max_by(|a, b| a.0.total_cmp(&b.0));
    best.and_then(|(_, towards)| towards.try_normalize()).unwrap_or(Vec3::Y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::Sky;

    /// The mean over the sky of radiance × cosine, straight from the pixels.
    fn exact(environment: &Environment, n: Vec3) -> Vec3 {
        environment.pixels().map(|(d, solid, radiance)| radiance * (solid * d.dot(n).max(0.0))).sum::<Vec3>() / PI
    }

    #[test]
    fn soft_light_is_what_the_sky_sends() {
        let environment = Environment::built_in(Sky::Overcast);
        let light = Light::of(&environment);
        for n in [Vec3::Y, Vec3::NEG_Y, Vec3::X, Vec3::new(0.6, 0.0, -0.8)] {
            let want = exact(&environment, n);
            let sun = light.sun().map_or(Vec3::ZERO, |sun| sun.radiance * sun.direction.dot(n).max(0.0));
            let got = Vec3::from(light.soft(n.into())) + sun;
            assert!((got - want).abs().max_element() < 0.06 * want.max_element(), "{n}: {got} for {want}");
        }
    }

    #[test]
    fn a_sun_that_is_lifted_takes_no_sky_with_it() {
        let evening = Environment::built_in(Sky::Evening);
        let light = Light::of(&evening);
        let power = luminance(light.sun().unwrap().radiance);
        let want = luminance(exact(&evening, Vec3::NEG_Z));
        // Away from the sun there is nothing but sky.
        let got = luminance(light.soft(Vec3A::new(0.0, 0.0, -1.0)).into());
        assert!((got - want).abs() < 0.1 * power.max(want), "{got} for {want}");
    }

    #[test]
    fn the_sun_is_where_it_shines_from_and_turns_with_the_panorama() {
        let noon = Environment::built_in(Sky::Noon);
        let want = Vec3::new(0.5, 1.2, 0.4).normalize();
        let sun = *Light::of(&noon).sun().unwrap();
        assert!(sun.direction.dot(want) > 0.999, "{}", sun.direction);
        assert!(luminance(sun.radiance) > luminance(Light::of(&noon).soft(Vec3A::Y).into()), "{sun:?}");
        let turned = Light::of(&noon.turned(PI / 2.0)).sun().unwrap().direction;
        // A quarter turn takes −z to x.
        assert!(turned.dot(Vec3::new(-want.z, want.y, want.x)) > 0.999, "{turned}");
    }
}
