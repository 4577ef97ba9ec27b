//! Placement of each crop in its stored region. The same transform applies to pictures, masks and labels.

use model::ModelError;
use pose::joints::{JOINTS, LEFT_RIGHT};
use recipe::AugmentConfig;
use tch::{Device, Kind, Tensor};

use crate::data::random::Draws;

const BILINEAR: i64 = 0;
/// Outside the stored region its edge pixels are repeated.
const BORDER: i64 = 1;

/// One affine transform per picture. A point u of the crop, −1 to 1, maps to the point c + k · R(roll) · F · u of the
/// region, with F = diag(−1, 1) for mirrored pictures, else the identity. The content thus appears rotated by −roll.
pub(crate) struct Placement {
    cos: Tensor,
    sin: Tensor,
    /// k, the crop's side as a fraction of the region's.
    size: Tensor,
    /// c, `[B, 2]`.
    centre: Tensor,
    /// −1 for mirrored pictures, else 1.
    sign: Tensor,
    mirrored: Vec<bool>,
}

impl Placement {
    /// Crops as in live use: upright, in the centre of the region.
    pub fn plain(pictures: usize, margin: f32, device: Device) -> Result<Self, ModelError> {
        let zeros = vec![0.0; pictures];
        Self::new(&zeros, &vec![1.0 / margin; pictures], [&zeros, &zeros], vec![false; pictures], device)
    }

    /// Random placements according to `config`. `mirrored` says which pictures are mirrored; `None` decides at random.
    pub fn drawn(
        config: &AugmentConfig,
        margin: f32,
        mirrored: Option<&[bool]>,
        draws: &mut Draws,
    ) -> Result<Self, ModelError> {
        // Cubed, so that half of the rolls are within an eighth of the range: most cameras are nearly upright.
        let most = config.roll_deg.to_radians() as f32;
        let roll: Vec<f32> = draws.values(-1.0..1.0).into_iter().map(|part| most * part.powi(3)).collect();
        let [low, high] = config.scale.map(f64::ln);
        let size: Vec<f32> = draws.values(low..high).into_iter().map(|log| log.exp() / margin).collect();
        let mut shift = || -> Vec<f32> {
            // In units of the crop's side, which is 2 · size in the region's coordinates.
            draws.values(-config.shift..config.shift).iter().zip(&size).map(|(part, size)| 2.0 * part * size).collect()
        };
        let (x, y) = (shift(), shift());
        let coins = draws.coins(if config.flip { 0.5 } else { 0.0 });
        let mirrored = mirrored.map_or(coins, <[bool]>::to_vec);
        Self::new(&roll, &size, [&x, &y], mirrored, draws.device())
    }

    fn new(
        roll: &[f32],
        size: &[f32],
        [x, y]: [&[f32]; 2],
        mirrored: Vec<bool>,
        device: Device,
    ) -> Result<Self, ModelError> {
        let tensor =
            |values: &[f32]| -> Result<Tensor, ModelError> { Ok(Tensor::f_from_slice(values)?.f_to_device(device)?) };
        let sign: Vec<f32> = mirrored.iter().map(|&mirrored| if mirrored { -1.0 } else { 1.0 }).collect();
        let roll = tensor(roll)?;
        Ok(Self {
            cos: roll.f_cos()?,
            sin: roll.f_sin()?,
            size: tensor(size)?,
            centre: Tensor::f_stack(&[tensor(x)?, tensor(y)?], 1)?,
            sign: tensor(&sign)?,
            mirrored,
        })
    }

    /// The side of each crop as a part of the region's: `[B]`.
    pub fn size(&self) -> &Tensor {
        &self.size
    }

    /// u8 `[B, C, store, store]` to f32 `[B, C, crop, crop]`, 0 to 1.
    pub fn pictures(&self, pixels: &Tensor, crop_px: i64) -> Result<Tensor, ModelError> {
        let (b, channels, _, _) = pixels.size4()?;
        let (cos, sin) = (self.cos.f_mul(&self.size)?, self.sin.f_mul(&self.size)?);
        let (x, y) = (self.centre.f_select(1, 0)?, self.centre.f_select(1, 1)?);
        let rows = [cos.f_mul(&self.sign)?, sin.f_neg()?, x, sin.f_mul(&self.sign)?, cos, y];
        let affine = Tensor::f_stack(&rows, 1)?.f_reshape([b, 2, 3])?;
        let grid = Tensor::f_affine_grid_generator(&affine, [b, channels, crop_px, crop_px].as_slice(), false)?;
        let held = pixels.f_to_kind(Kind::Float)?.f_mul_scalar(1.0 / 255.0)?;
        Ok(held.f_grid_sampler(&grid, BILINEAR, BORDER, false)?)
    }

    /// Converts `[B, 17, 2]` from region to crop coordinates, both −1 to 1. Swaps left and right joints if mirrored.
    pub fn joints_2d(&self, region: &Tensor) -> Result<Tensor, ModelError> {
        let wide = |per_picture: &Tensor| per_picture.f_reshape([-1, 1]);
        let from_centre = region.f_sub(&self.centre.f_unsqueeze(1)?)?.f_div(&self.size.f_reshape([-1, 1, 1])?)?;
        let (x, y) = (from_centre.f_select(2, 0)?, from_centre.f_select(2, 1)?);
        let (cos, sin, sign) = (wide(&self.cos)?, wide(&self.sin)?, wide(&self.sign)?);
        let turned_x = x.f_mul(&cos)?.f_add(&y.f_mul(&sin)?)?.f_mul(&sign)?;
        let turned_y = y.f_mul(&cos)?.f_sub(&x.f_mul(&sin)?)?;
        self.swapped(&Tensor::f_stack(&[turned_x, turned_y], 2)?)
    }

    /// Rotates `[B, 17, 3]` in the look-at frame about its z axis, and mirrors them, as the picture.
    pub fn joints_3d(&self, joints: &Tensor) -> Result<Tensor, ModelError> {
        let wide = |per_picture: &Tensor| per_picture.f_reshape([-1, 1]);
        let axis = |axis| joints.f_select(2, axis);
        let (x, y, z) = (axis(0)?, axis(1)?, axis(2)?);
        let (cos, sin, sign) = (wide(&self.cos)?, wide(&self.sin)?, wide(&self.sign)?);
        let turned_x = x.f_mul(&cos)?.f_add(&y.f_mul(&sin)?)?.f_mul(&sign)?;
        let turned_y = y.f_mul(&cos)?.f_sub(&x.f_mul(&sin)?)?;
        self.swapped(&Tensor::f_stack(&[turned_x, turned_y, z], 2)?)
    }

    fn swapped(&self, joints: &Tensor) -> Result<Tensor, ModelError> {
        let device = joints.device();
        let mut order: [i64; JOINTS] = std::array::from_fn(|joint| joint as i64);
        LEFT_RIGHT.iter().for_each(|&(left, right)| order.swap(left, right));
        let other = joints.f_index_select(1, &Tensor::f_from_slice(&order)?.f_to_device(device)?)?;
        let mirrored = Tensor::f_from_slice(&self.mirrored)?.f_to_device(device)?.f_reshape([-1, 1, 1])?;
        Ok(other.f_where_self(&mirrored, joints)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joints(axes: i64) -> Tensor {
        (Tensor::arange(2 * 17 * axes, (Kind::Float, Device::Cpu)) * 0.37).sin().reshape([2, 17, axes])
    }

    #[test]
    fn two_flips_are_none() {
        let zeros = [0.0; 2];
        let flip = Placement::new(&zeros, &[1.0; 2], [&zeros, &zeros], vec![true, false], Device::Cpu).unwrap();
        let twice = |joints: &Tensor, turn: &dyn Fn(&Tensor) -> Tensor| {
            let once = turn(joints);
            assert_ne!(once.get(0), joints.get(0));
            assert_eq!(once.get(1), joints.get(1));
            assert_eq!(&turn(&once), joints);
        };
        twice(&joints(2), &|joints| flip.joints_2d(joints).unwrap());
        twice(&joints(3), &|joints| flip.joints_3d(joints).unwrap());
        // The same as `pose::flip`.
        let pose: pose::Pose3d = std::array::from_fn(|j| {
            std::array::from_fn(|axis| joints(3).double_value(&[0, j as i64, axis as i64]) as f32)
        });
        let flipped = flip.joints_3d(&joints(3)).unwrap();
        for (joint, expected) in pose::flip(&pose).iter().enumerate() {
            for (axis, value) in expected.iter().enumerate() {
                assert_eq!(flipped.double_value(&[0, joint as i64, axis as i64]) as f32, *value);
            }
        }
    }

    #[test]
    fn half_of_the_rolls_are_small_and_none_is_too_large() {
        let config = AugmentConfig { roll_deg: 40.0, ..AugmentConfig::none(true) };
        let mut draws = Draws::new(7, 4000, Device::Cpu);
        let placement = Placement::drawn(&config, 1.4, None, &mut draws).unwrap();
        let sines: Vec<f32> = Vec::try_from(&placement.sin).unwrap();
        let degrees: Vec<f32> = sines.iter().map(|sine| sine.asin().to_degrees()).collect();
        let share = |most: f32| degrees.iter().filter(|roll| roll.abs() < most).count() as f64 / 4000.0;
        assert!(degrees.iter().all(|roll| roll.abs() <= 40.001));
        assert!((share(5.0) - 0.5).abs() < 0.03, "{}", share(5.0));
        // The cube root of 0.75.
        assert!((share(30.0) - 0.909).abs() < 0.02, "{}", share(30.0));
        let mean = degrees.iter().sum::<f32>() / 4000.0;
        assert!(mean.abs() < 1.0, "{mean}");
    }
}
