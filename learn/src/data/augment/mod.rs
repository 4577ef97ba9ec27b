//! Augmentation: turns stored pictures into network input with random crops, backgrounds, mask errors and camera
//! properties. The work is done by tensor operations on the training device. Random numbers come from the host, so that
//! a seed gives the same variations on every device.

mod mask_faults;
mod noise;
mod photometric;
mod placement;
mod scenery;

use model::{ModelError, channels_last};
use rand::RngExt;
use recipe::AugmentConfig;
use tch::Tensor;

use crate::data::random::Draws;
use crate::data::rendered::{Batch, Dataset};
use crate::seeds::seed_of;
use noise::Noise;
use photometric::on_some;
pub(crate) use placement::Placement;
use scenery::Scenery;

/// A batch of network input with its labels.
#[derive(Debug)]
pub struct Augmented {
    /// f32 `[B, 3, crop, crop]`, channels last, −1 to 1; black where the background was removed.
    pub input: Tensor,
    /// f32 `[B, 17, 3]`, root-relative, in mm, in the look-at frame; rotated and mirrored with the crops.
    pub joints_mm: Tensor,
    /// f32 `[B, 17, 2]`: fractions of the crop's side, x right and y down from its top left corner.
    pub joints_2d: Tensor,
    /// f32 `[B]`: the side of the crop as a part of the stored region's.
    pub side: Tensor,
}

/// Augments batches, for one crop size.
pub struct Augment {
    config: AugmentConfig,
    crop_px: i64,
    margin: f32,
    scenery: Scenery,
    noise: Noise,
}

impl Augment {
    /// `rows` are the training pictures, which supply backgrounds and bystanders.
    ///
    /// # Errors
    /// If `rows` is empty, or the device fails.
    pub fn new(
        config: AugmentConfig,
        dataset: &Dataset,
        rows: &[u32],
        crop_px: u16,
        seed: u64,
    ) -> Result<Self, ModelError> {
        if rows.is_empty() {
            return Err(ModelError::Argument("there are no pictures to take backgrounds from".to_owned()));
        }
        let (crop_px, device) = (crop_px.into(), dataset.device());
        tch::no_grad(|| {
            Ok(Self {
                config,
                crop_px,
                margin: dataset.config().margin,
                scenery: Scenery::new(dataset, rows, config.backgrounds, crop_px, seed_of(&[seed, 1]))?,
                noise: Noise::new(crop_px, seed_of(&[seed, 2]), device)?,
            })
        })
    }

    /// Adds backgrounds u8 `[K, 3, height, width]` to the pool.
    pub fn add_backgrounds(&mut self, backgrounds: &Tensor) -> Result<(), ModelError> {
        tch::no_grad(|| self.scenery.add(backgrounds))
    }

    /// Augments a batch. The result depends only on the batch, `mirrored` and the seed. `mirrored` says which pictures
    /// are mirrored; `None` decides at random.
    pub fn apply(&self, batch: &Batch, mirrored: Option<&[bool]>, seed: u64) -> Result<Augmented, ModelError> {
        tch::no_grad(|| self.varied(batch, mirrored, seed))
    }

    fn varied(&self, batch: &Batch, mirrored: Option<&[bool]>, seed: u64) -> Result<Augmented, ModelError> {
        let (config, noise) = (&self.config, &self.noise);
        let pictures = batch.pixels.size4()?.0 as usize;
        let mut draws = Draws::new(seed, pictures, batch.pixels.device());
        let draws = &mut draws;
        let placement = Placement::drawn(config, self.margin, mirrored, draws)?;
        let placed = placement.pictures(&batch.pixels, self.crop_px)?;
        let joints = placement.joints_2d(&batch.joints_2d)?;
        let (own, subject) = (placed.f_narrow(1, 0, 3)?, placed.f_narrow(1, 3, 1)?);

        let stays = draws.sometimes(config.own_background, 1.0..1.0, 0.0)?;
        let behind = self.scenery.behind(draws)?;
        let mut rgb = behind.f_add(&own.f_sub(&behind)?.f_mul(&subject.f_maximum(&stays)?)?)?;
        let mut others = subject.f_zeros_like()?;
        if let Some(index) = draws.chosen(config.bystanders)? {
            let (colours, masks) = self.scenery.beside(index.size1()?, draws)?;
            // Bystanders are behind the subject.
            let seen = masks.f_mul(&subject.f_index_select(0, &index)?.f_rsub_scalar(1)?)?;
            on_some(&mut rgb, Some(index.shallow_clone()), |some, _| {
                Ok(some.f_add(&colours.f_sub(some)?.f_mul(&seen)?)?)
            })?;
            let _ = others.f_index_copy_(0, &index, &seen)?;
        }
        let block = self.block(draws)?;
        let colour: Vec<f32> = (0..3 * pictures).map(|_| draws.rng.random()).collect();
        let colour = Tensor::f_from_slice(&colour)?.f_to_device(draws.device())?.f_reshape([-1, 3, 1, 1])?;
        rgb = colour.f_where_self(&block, &rgb)?;
        rgb = photometric::other_cameras(rgb, noise, config.photometric, draws)?;

        let kept = mask_faults::corrupted(&subject, noise, config.mask_faults, draws)?;
        // Subtraction removes still objects in front of the subject, but not bystanders.
        let kept = kept.f_maximum(&others.f_round()?)?.f_masked_fill(&block, 0.0)?;
        let plain = draws.sometimes(1.0 - config.removed, 1.0..1.0, 0.0)?;
        let input = rgb.f_mul(&kept.f_maximum(&plain)?)?.f_mul_scalar(2.0)?.f_sub_scalar(1.0)?;
        Ok(Augmented {
            input: channels_last(&input)?,
            joints_mm: placement.joints_3d(&batch.joints_mm)?,
            joints_2d: joints.f_add_scalar(1.0)?.f_mul_scalar(0.5)?,
            side: placement.size().shallow_clone(),
        })
    }

    /// Random occluding rectangles in some of the pictures: bool `[B, 1, crop, crop]`.
    fn block(&self, draws: &mut Draws) -> Result<Tensor, ModelError> {
        let (x, y) = mask_faults::axes(self.crop_px, draws.device())?;
        let width = draws.sometimes(self.config.occluders, 0.05..0.35, 0.0)?;
        let height = draws.uniform(0.05..0.5)?;
        let (at_x, at_y) = (draws.uniform(-0.9..0.9)?, draws.uniform(-0.9..0.9)?);
        let columns = x.f_sub(&at_x)?.f_abs()?.f_lt_tensor(&width)?;
        let rows = y.f_sub(&at_y)?.f_abs()?.f_lt_tensor(&height)?;
        Ok(columns.f_logical_and(&rows)?)
    }
}

/// Crops for evaluation, as in live use: no augmentation, exact masks. `removed`: without background.
pub(crate) fn plain_input(
    dataset: &Dataset,
    batch: &Batch,
    crop_px: u16,
    removed: bool,
) -> Result<Augmented, ModelError> {
    tch::no_grad(|| {
        let pictures = batch.pixels.size4()?.0 as usize;
        let placement = Placement::plain(pictures, dataset.config().margin, dataset.device())?;
        let placed = placement.pictures(&batch.pixels, crop_px.into())?;
        let mut rgb = placed.f_narrow(1, 0, 3)?;
        if removed {
            rgb = rgb.f_mul(&placed.f_narrow(1, 3, 1)?.f_gt(0.5)?)?;
        }
        Ok(Augmented {
            input: channels_last(&rgb.f_mul_scalar(2.0)?.f_sub_scalar(1.0)?)?,
            joints_mm: placement.joints_3d(&batch.joints_mm)?,
            joints_2d: placement.joints_2d(&batch.joints_2d)?.f_add_scalar(1.0)?.f_mul_scalar(0.5)?,
            side: placement.size().shallow_clone(),
        })
    })
}
