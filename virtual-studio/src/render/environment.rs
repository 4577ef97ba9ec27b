//! The environment of a scene, as radiance for each direction.

use std::f32::consts::{PI, TAU};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

use glam::{Vec3, Vec3A};
use image::codecs::hdr::{HdrDecoder, HdrEncoder};
use image::{DynamicImage, ImageDecoder, ImageError, Rgb};

use super::floor::floor1;
use crate::AssetError;

/// Maximum number of pixels per byte of a file; run lengths reach 16. Bounds the allocation for damaged headers.
const PIXELS_PER_BYTE: u64 = 1000;

/// Radiance from all directions, equirectangular: the top row is straight up, the middle column is −z.
#[derive(Clone, Debug, PartialEq)]
pub struct Environment {
    width: usize,
    height: usize,
    radiance: Arc<[Vec3A]>,
    /// Turned about the vertical by this part of a full turn.
    turn: f32,
}

/// Environments that need no file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sky {
    Overcast,
    Noon,
    Evening,
    Softboxes,
    Office,
}

impl Sky {
    pub const ALL: [Self; 5] = [Self::Overcast, Self::Noon, Self::Evening, Self::Softboxes, Self::Office];

    fn radiance(self, direction: Vec3) -> Vec3 {
        let up = direction.y;
        // 1 within a disc around `towards`, falling to 0 over its soft edge.
        let disc = |towards: Vec3, radius: f32, soft: f32| {
            let angle = direction.angle_between(towards);
            ((radius + soft - angle) / soft).clamp(0.0, 1.0)
        };
        let blend = |ground: Vec3, horizon: Vec3, zenith: Vec3| {
            if up < 0.0 {
                ground.lerp(horizon, (1.0 + 8.0 * up).max(0.0) * 0.5)
            } else {
                horizon.lerp(zenith, up.sqrt())
            }
        };
        match self {
            Self::Overcast => blend(Vec3::splat(0.25), Vec3::new(0.7, 0.72, 0.75), Vec3::new(1.0, 1.02, 1.06)),
            Self::Noon => {
                let sky = blend(Vec3::new(0.28, 0.26, 0.22), Vec3::new(0.7, 0.8, 0.95), Vec3::new(0.25, 0.45, 0.9));
                sky + Vec3::new(60.0, 56.0, 48.0) * disc(Vec3::new(0.5, 1.2, 0.4), 0.07, 0.05)
            }
            Self::Evening => {
                let sky = blend(Vec3::new(0.2, 0.17, 0.15), Vec3::new(0.9, 0.6, 0.4), Vec3::new(0.25, 0.3, 0.5));
                sky + Vec3::new(40.0, 24.0, 10.0) * disc(Vec3::new(-1.0, 0.45, 0.3), 0.08, 0.06)
            }
            Self::Softboxes => {
                let key = Vec3::splat(14.0) * disc(Vec3::new(-0.8, 0.9, 0.6), 0.22, 0.06);
                let fill = Vec3::new(3.0, 3.2, 3.6) * disc(Vec3::new(1.0, 0.5, 0.5), 0.3, 0.1);
                let rim = Vec3::splat(5.0) * disc(Vec3::new(0.3, 0.8, -1.0), 0.15, 0.05);
                Vec3::splat(if up < 0.0 { 0.16 } else { 0.12 }) + key + fill + rim
            }
            Self::Office => {
                let ceiling = up > 0.35;
                let strip =
                    ceiling && ((direction.x / up * 1.6).rem_euclid(1.0) < 0.3) && (direction.z / up).abs() < 2.0;
                let wall = Vec3::new(0.55, 0.53, 0.48);
                if strip {
                    Vec3::new(9.0, 8.8, 8.0)
                } else if ceiling {
                    Vec3::splat(0.7)
                } else if up > -0.3 {
                    wall
                } else {
                    Vec3::new(0.3, 0.25, 0.2)
                }
            }
        }
    }
}

impl Environment {
    /// File extension of panoramas.
    pub const ENDING: &str = "hdr";

    /// Reads a Radiance .hdr panorama.
    ///
    /// # Errors
    /// The file cannot be read or decoded, is not twice as wide as high, or has no light.
    pub fn read(path: &Path) -> Result<Self, AssetError> {
        let file = File::open(path).map_err(AssetError::io(path))?;
        let bytes = file.metadata().map_err(AssetError::io(path))?.len();
        let decode = |cause| AssetError::Panorama { path: path.to_owned(), cause };
        let decoder = HdrDecoder::new(BufReader::new(file)).map_err(decode)?;
        let (width, height) = decoder.dimensions();
        if u64::from(width) * u64::from(height) / PIXELS_PER_BYTE > bytes {
            let problem = format!("{width}×{height} px do not fit into its {bytes} bytes; it is damaged, restore it");
            return Err(AssetError::file(path, problem));
        }
        let picture = DynamicImage::from_decoder(decoder).map_err(decode)?.into_rgb32f();
        let (width, height) = picture.dimensions();
        if width != 2 * height || height < 4 {
            let problem =
                format!("{width}×{height} px is no equirectangular panorama; it must be twice as wide as high");
            return Err(AssetError::file(path, problem));
        }
        let radiance: Arc<[Vec3A]> = picture.pixels().map(|pixel| Vec3A::from_array(pixel.0)).collect();
        let sum = radiance.iter().sum::<Vec3A>().element_sum();
        if !(sum.is_finite() && sum > 0.0) {
            return Err(AssetError::file(path, "the panorama is black or has values that are no numbers"));
        }
        Ok(Self { width: width as usize, height: height as usize, radiance, turn: 0.0 })
    }

    pub fn built_in(sky: Sky) -> Self {
        let (width, height) = (256, 128);
        let mut environment = Self { width, height, radiance: Arc::new([]), turn: 0.0 };
        let pixels = (0..height).flat_map(|row| (0..width).map(move |column| (row, column)));
        environment.radiance =
            pixels.map(|(row, column)| sky.radiance(environment.direction(row, column)).into()).collect();
        environment
    }

    /// In Radiance's format, halved until it is no wider; not turned.
    ///
    /// # Errors
    /// Errors of the codec.
    pub fn pack(&self, most_wide: usize) -> Result<Vec<u8>, ImageError> {
        let mut small = self.clone();
        while small.width > most_wide && small.height.is_multiple_of(2) {
            small = small.halved();
        }
        let pixels: Vec<_> = small.radiance.iter().map(|radiance| Rgb(radiance.to_array())).collect();
        let mut bytes = Vec::new();
        HdrEncoder::new(&mut bytes).encode(&pixels, small.width, small.height)?;
        Ok(bytes)
    }

    /// Each pixel the mean of four.
    fn halved(&self) -> Self {
        let (width, height) = (self.width / 2, self.height / 2);
        let mean = |(row, column): (usize, usize)| {
            let at = 2 * row * self.width + 2 * column;
            0.25 * [at, at + 1, at + self.width, at + self.width + 1].map(|at| self.radiance[at]).iter().sum::<Vec3A>()
        };
        let pixels = (0..height).flat_map(|row| (0..width).map(move |column| (row, column)));
        Self { width, height, radiance: pixels.map(mean).collect(), turn: self.turn }
    }

    /// Turned about the vertical.
    #[must_use]
    pub fn turned(mut self, radians: f32) -> Self {
        self.turn = (self.turn + radians / TAU).rem_euclid(1.0);
        self
    }

    /// Radiance from a direction of any length, interpolated linearly.
    #[inline]
    pub(crate) fn lookup(&self, direction: Vec3A) -> Vec3A {
        let level = (direction.x * direction.x + direction.z * direction.z).sqrt();
        let turned = arc(direction.x, -direction.z) / TAU + 0.5 - self.turn;
        // Add a whole turn, so that the first half pixel has a predecessor.
        let column = (turned - floor1(turned) + 1.0) * self.width as f32 - 0.5;
        let row = (arc(level, direction.y) / PI * self.height as f32 - 0.5).max(0.0);
        let (left, top) = (column as usize, (row as usize).min(self.height - 1));
        let (across, along) = (column - left as f32, row - top as f32);
        let wrapped = |column: usize| if column >= self.width { column - self.width } else { column };
        let (left, right) = (wrapped(left), wrapped(wrapped(left) + 1));
        let bottom = (top + 1).min(self.height - 1);
        let pixel = |row: usize, column: usize| self.radiance[row * self.width + column];
        let upper = pixel(top, left).lerp(pixel(top, right), across);
        let lower = pixel(bottom, left).lerp(pixel(bottom, right), across);
        upper.lerp(lower, along)
    }

    /// Each pixel as (direction, solid angle, radiance).
    pub(crate) fn pixels(&self) -> impl Iterator<Item = (Vec3, f32, Vec3)> {
        let (dphi, dtheta) = (TAU / self.width as f32, PI / self.height as f32);
        (0..self.height).flat_map(move |row| {
            let solid = dphi * dtheta * ((row as f32 + 0.5) * dtheta).sin();
            (0..self.width).map(move |column| {
                let radiance = self.radiance[row * self.width + column];
                (self.direction(row, column), solid, Vec3::from(radiance))
            })
        })
    }

    fn direction(&self, row: usize, column: usize) -> Vec3 {
        let theta = (row as f32 + 0.5) / self.height as f32 * PI;
        let phi = ((column as f32 + 0.5) / self.width as f32 - 0.5 + self.turn) * TAU;
        Vec3::new(theta.sin() * phi.sin(), theta.cos(), -theta.sin() * phi.cos())
    }
}

/// atan2(y, x) to 2e-5 rad, by a polynomial, since every pixel of a picture needs one.
#[inline]
fn arc(y: f32, x: f32) -> f32 {
    let (ax, ay) = (x.abs(), y.abs());
    let ratio = ax.min(ay) / ax.max(ay).max(f32::MIN_POSITIVE);
    let s = ratio * ratio;
    let angle = ratio
        * (0.999_977_26
            + s * (-0.332_623_47 + s * (0.193_543_46 + s * (-0.116_432_87 + s * (0.052_653_32 - s * 0.011_721_2)))));
    let angle = if ay > ax { 0.5 * PI - angle } else { angle };
    let angle = if x < 0.0 { PI - angle } else { angle };
    if y < 0.0 { -angle } else { angle }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arc_is_atan2() {
        for i in 0..1000 {
            let (y, x) = (i as f32 * 0.1).sin_cos();
            assert!((arc(y, x) - y.atan2(x)).abs() < 2e-5, "{x} {y}");
        }
    }

    #[test]
    fn a_pixel_is_found_in_its_own_direction_however_the_panorama_is_turned() {
        for turn in [0.0, 1.0, 4.0] {
            let environment = Environment::built_in(Sky::Noon).turned(turn);
            for (direction, _, radiance) in environment.pixels().step_by(97) {
                let found = environment.lookup(Vec3A::from(direction) * 3.0);
                let scale = radiance.max_element();
                assert!(
                    (Vec3::from(found) - radiance).abs().max_element() < 0.1 * scale,
                    "{direction} {radiance} {found}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_panorama_is_refused() {
        let folder = std::env::temp_dir().join(format!("virtual-studio-environment-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("no.hdr");
        std::fs::write(&path, b"no picture").unwrap();
        assert!(matches!(Environment::read(&path), Err(AssetError::Panorama { .. })));
        std::fs::write(&path, b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 100000 +X 200000\n").unwrap();
        assert!(Environment::read(&path).unwrap_err().to_string().contains("do not fit into its 55 bytes"));
        assert!(Environment::read(&folder.join("none.hdr")).unwrap_err().to_string().contains("none.hdr"));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
