//! How much a subject's masks differ between two instants of a take. Labels are not used.

use model::ModelError;
use tch::{Device, Kind};

use super::dataset::{Dataset, DatasetTake};

/// Masks are compared at this size, in pixels.
const SIDE: i64 = 12;
/// Rows that are reduced together.
const CHUNK: i64 = 4096;

/// The masks of all pictures, reduced.
pub(crate) struct MaskChanges {
    /// By row of the dataset.
    masks: Vec<[u8; (SIDE * SIDE) as usize]>,
}

impl MaskChanges {
    /// # Errors
    /// If the device fails.
    pub fn of(dataset: &Dataset) -> Result<Self, ModelError> {
        let rows = dataset.len() as i64;
        let mut masks = Vec::with_capacity(dataset.len());
        for first in (0..rows).step_by(CHUNK as usize) {
            let chunk = dataset.pixels.f_narrow(0, first, CHUNK.min(rows - first))?.f_narrow(1, 3, 1)?;
            let reduced = tch::no_grad(|| chunk.f_to_kind(Kind::Float)?.f_adaptive_avg_pool2d([SIDE, SIDE]))?;
            let values: Vec<u8> =
                Vec::try_from(reduced.f_round()?.f_to_kind(Kind::Uint8)?.f_to_device(Device::Cpu)?.f_reshape([-1])?)?;
            masks.extend(values.as_chunks().0);
        }
        Ok(Self { masks })
    }

    /// The difference of the masks of two instants of a take as a share of the larger: the mean over the views of both,
    /// from 0 to 2; 0 where there is nothing to compare.
    pub fn between(&self, take: &DatasetTake, one: usize, other: usize) -> f64 {
        let rows = take.rows[one].iter().zip(&take.rows[other]);
        let differences = rows.filter_map(|(one, other)| {
            let [one, other] = [(*one)?, (*other)?].map(|row| &self.masks[row as usize]);
            let area = |mask: &[u8]| mask.iter().map(|value| u64::from(*value)).sum::<u64>();
            let apart: u64 = one.iter().zip(other).map(|(one, other)| u64::from(one.abs_diff(*other))).sum();
            Some(apart as f64 / area(one).max(area(other)).max(1) as f64)
        });
        let (sum, count) = differences.fold((0.0, 0u32), |(sum, count), difference| (sum + difference, count + 1));
        sum / f64::from(count.max(1))
    }
}
