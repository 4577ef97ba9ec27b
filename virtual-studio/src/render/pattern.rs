//! Surfaces without a picture file.

use glam::{Vec2, Vec3A};

use super::floor::{floor, floor1};

/// The arrangement of a pattern's two colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    Plain,
    Checker,
    Stripes,
    /// Boards in different shades along the first direction.
    Planks,
    Bricks,
    /// Clouds at three sizes.
    Mottled,
}

/// A matt surface without a picture file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pattern {
    pub grain: Grain,
    /// Reflectances, linear, 0 to 1.
    pub colours: [Vec3A; 2],
    /// Size of one field in metres.
    pub scale_m: f32,
    pub seed: u32,
}

impl Pattern {
    pub fn plain(colour: Vec3A) -> Self {
        Self { grain: Grain::Plain, colours: [colour; 2], scale_m: 1.0, seed: 0 }
    }

    /// Reflectance at a point in metres. `footprint_m` is the size of a pixel there: finer detail fades to its mean
    /// instead of flickering.
    pub(crate) fn reflectance(&self, place: Vec2, footprint_m: f32) -> Vec3A {
        let at = place / self.scale_m;
        let blur = (footprint_m / self.scale_m).max(1e-3);
        let share = match self.grain {
            Grain::Plain => 0.0,
            Grain::Checker => 0.5 - 0.5 * wave(at.x, blur) * wave(at.y, blur),
            Grain::Stripes => 0.5 - 0.5 * wave(at.x, blur),
            Grain::Mottled => self.clouds(at, blur),
            Grain::Planks => {
                let row = floor1(at.y);
                let shift = self.chance(row as i32, 0) * 8.0;
                let board = floor1((at.x + shift) / 8.0);
                let shade = faded(self.chance(row as i32, board as i32), 0.5, blur);
                let joint = line(at.y, 0.03, blur).max(line((at.x + shift) / 8.0, 0.004, blur / 8.0));
                0.7 * shade + 0.3 * joint
            }
            Grain::Bricks => {
                let row = floor1(2.0 * at.y);
                let column = at.x + 0.5 * row.rem_euclid(2.0);
                let shade = faded(self.chance(row as i32, floor1(column) as i32), 0.5, blur);
                let joint = line(2.0 * at.y, 0.06, 2.0 * blur).max(line(column, 0.03, blur));
                (0.35 * shade).max(joint)
            }
        };
        self.colours[0].lerp(self.colours[1], share)
    }

    fn clouds(&self, at: Vec2, blur: f32) -> f32 {
        let octaves = [(1.0, 0.5), (2.7, 0.3), (7.1, 0.2)];
        octaves.iter().map(|&(rate, weight)| weight * faded(self.smooth(at * rate), 0.5, 2.0 * blur * rate)).sum()
    }

    /// Smooth noise with fields of size 1.
    fn smooth(&self, at: Vec2) -> f32 {
        let corner = floor(at);
        let part = at - corner;
        let part = part * part * (3.0 - 2.0 * part);
        let (x, y) = (corner.x as i32, corner.y as i32);
        let row = |y: i32| self.chance(x, y) * (1.0 - part.x) + self.chance(x + 1, y) * part.x;
        row(y) * (1.0 - part.y) + row(y + 1) * part.y
    }

    /// A pseudo-random number from 0 to 1 for each field.
    fn chance(&self, x: i32, y: i32) -> f32 {
        let mut hash = (x as u32).wrapping_mul(0x9e37_79b1) ^ (y as u32).wrapping_mul(0x85eb_ca77) ^ self.seed;
        hash = (hash ^ (hash >> 15)).wrapping_mul(0x2c1b_3c6d);
        hash = (hash ^ (hash >> 12)).wrapping_mul(0x297a_2d39);
        ((hash ^ (hash >> 15)) >> 8) as f32 / (1 << 24) as f32
    }
}

/// 1 on even, −1 on odd unit intervals, with edges as wide as a pixel, and 0 where pixels cover several.
fn wave(x: f32, blur: f32) -> f32 {
    let distance = 0.5 - (x - floor1(x) - 0.5).abs();
    let sign = if floor1(x).rem_euclid(2.0) < 1.0 { 1.0 } else { -1.0 };
    faded(sign * (distance / blur).min(0.5) * 2.0, 0.0, blur)
}

/// 1 on lines of half-width `half` at whole numbers, thinned where a pixel is wider.
fn line(x: f32, half: f32, blur: f32) -> f32 {
    let distance = 0.5 - (x - floor1(x) - 0.5).abs();
    let width = half.max(blur);
    ((width - distance) / width * 2.0).clamp(0.0, 1.0) * (half / width)
}

/// Fades `value` to `mean` as a pixel grows from half a field to two fields.
fn faded(value: f32, mean: f32, blur: f32) -> f32 {
    mean + (value - mean) * ((2.0 - blur) / 1.5).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_away_every_pattern_is_its_mean() {
        for grain in [Grain::Checker, Grain::Stripes, Grain::Mottled] {
            let pattern = Pattern { grain, colours: [Vec3A::ZERO, Vec3A::ONE], scale_m: 0.1, seed: 3 };
            let far = pattern.reflectance(Vec2::new(0.123, 4.56), 5.0).x;
            let count = 10_000;
            let near: f32 = (0..count)
                .map(|i| pattern.reflectance(Vec2::new((i % 100) as f32 * 0.0173, (i / 100) as f32 * 0.0191), 1e-4).x)
                .sum();
            assert!((far - near / count as f32).abs() < 0.06, "{grain:?}");
        }
    }

    #[test]
    fn reflectances_stay_between_the_colours() {
        for grain in [Grain::Plain, Grain::Checker, Grain::Stripes, Grain::Planks, Grain::Bricks, Grain::Mottled] {
            let pattern = Pattern { grain, colours: [Vec3A::splat(0.2), Vec3A::splat(0.6)], scale_m: 0.2, seed: 1 };
            for i in 0..2000 {
                let place = Vec2::new((i % 50) as f32 * 0.037 - 1.0, (i / 50) as f32 * 0.041 - 1.0);
                let value = pattern.reflectance(place, 0.001 * (i % 7) as f32).x;
                assert!((0.199..=0.601).contains(&value), "{grain:?} {value}");
            }
        }
    }
}
