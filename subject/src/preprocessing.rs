//! The settings by which a frame becomes a sample, and their ranges.

use std::fmt::Display;
use std::hash::Hasher;
use std::ops::RangeInclusive;

use fnv::FnvHasher;
use serde::{Deserialize, Serialize};

use crate::SubjectError;

/// Everything that decides how a frame becomes a sample, given a background. Two runs with equal hashes processed their
/// pictures in the same way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Preprocessing {
    /// Changes when the code produces something else from the same settings.
    pub version: u32,
    /// Side of the square crop in pixels.
    pub crop_px: u16,
    /// Side of the crop's region, in units of the longer side of the subject's box.
    pub crop_scale: f32,
    /// The side is the mean of the middle half of the sides that this many pictures suggest, at most 5 of them a
    /// second.
    pub side_pictures: u16,
    /// How far the region's centre may be from the subject's before it follows, in units of the region's side.
    pub centre_slack: f32,
    /// A pixel is subject where its absolute differences to the background, summed over the three channels, exceed this
    /// (SYNC §4.1: 32). The sum is 765 at most.
    pub mask_threshold: u16,
    /// Side of the grid cells in which the subject is searched, in pixels of the background's picture.
    pub cell_px: u16,
    /// Share of a cell that must differ from the background.
    pub cell_fill: f32,
    /// Cells up to this many steps apart count as connected.
    pub join_cells: u16,
    /// Smallest share of the picture that a subject must cover.
    pub min_area: f32,
}

impl Default for Preprocessing {
    fn default() -> Self {
        Self {
            version: Self::VERSION,
            crop_px: 224,
            crop_scale: 1.25,
            side_pictures: 9,
            centre_slack: 0.05,
            mask_threshold: 32,
            cell_px: 8,
            cell_fill: 0.25,
            join_cells: 2,
            min_area: 0.002,
        }
    }
}

impl Preprocessing {
    /// The current value of `version`.
    pub const VERSION: u32 = 2;

    /// Valid values of `crop_px`.
    pub const CROP_PX: RangeInclusive<u16> = 32..=512;
    /// Valid values of `crop_scale`.
    pub const CROP_SCALE: RangeInclusive<f32> = 1.0..=4.0;
    /// Valid values of `mask_threshold`: those that the greatest sum, three times 255, still exceeds.
    pub const MASK_THRESHOLD: RangeInclusive<u16> = 1..=3 * 255 - 1;
    /// How much larger than the crops stored regions may be, from which crops are cut: in pixels, and in extent.
    pub const MARGIN: RangeInclusive<f32> = 1.0..=4.0;

    /// The defaults with this crop size.
    pub fn with_crop_px(crop_px: u16) -> Self {
        Self { crop_px, ..Self::default() }
    }

    /// A hash of these settings that is the same on every machine: FNV-1a over their JSON.
    pub fn hash(&self) -> u64 {
        // Plain numbers always serialise; a failure could only make the hash differ, never equal by mistake.
        let json = serde_json::to_vec(self).unwrap_or_default();
        let mut hash = FnvHasher::default();
        hash.write(&json);
        hash.finish()
    }

    pub(crate) fn check(&self) -> Result<(), SubjectError> {
        let wrong = if self.version != Self::VERSION {
            format!("preprocessing version {} is unknown here, this build has {}", self.version, Self::VERSION)
        } else if !within_margin(Self::CROP_PX.start(), Self::CROP_PX.end(), self.crop_px) {
            format!("crop-px is {}, it must be {}", self.crop_px, said(&Self::CROP_PX))
        } else if !within_margin(Self::CROP_SCALE.start(), Self::CROP_SCALE.end(), self.crop_scale) {
            format!("crop-scale is {}, it must be {}", self.crop_scale, said(&Self::CROP_SCALE))
        } else if !(1..=1000).contains(&self.side_pictures) {
            format!("side-pictures is {}, it must be 1 to 1000", self.side_pictures)
        } else if !(0.0..=1.0).contains(&self.centre_slack) {
            format!("centre-slack is {}, it must be 0 to 1", self.centre_slack)
        } else if !Self::MASK_THRESHOLD.contains(&self.mask_threshold) {
            format!("mask-threshold is {}, it must be {}", self.mask_threshold, said(&Self::MASK_THRESHOLD))
        } else if !(1..=256).contains(&self.cell_px) {
            format!("cell-px is {}, it must be 1 to 256", self.cell_px)
        } else if !(self.cell_fill > 0.0 && self.cell_fill <= 1.0) {
            format!("cell-fill is {}, it must be above 0 and at most 1", self.cell_fill)
        } else if !(1..=64).contains(&self.join_cells) {
            format!("join-cells is {}, it must be 1 to 64", self.join_cells)
        } else if !(0.0..=1.0).contains(&self.min_area) {
            format!("min-area is {}, it must be 0 to 1", self.min_area)
        } else {
            return Ok(());
        };
        Err(SubjectError::Config(wrong))
    }
}

/// Whether a value is within its range, or exceeds it by no more than the margin of a stored region.
fn within_margin<T: Copy + Into<f32>>(least: &T, most: &T, value: T) -> bool {
    ((*least).into()..=(*most).into() * Preprocessing::MARGIN.end()).contains(&value.into())
}

fn said<T: Display>(range: &RangeInclusive<T>) -> String {
    format!("{} to {}", range.start(), range.end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_pinned_and_tells_settings_apart() {
        let default = Preprocessing::default();
        assert_eq!(default.hash(), default.clone().hash());
        assert_ne!(default.hash(), Preprocessing::with_crop_px(64).hash());
        assert_ne!(default.hash(), Preprocessing { crop_scale: 1.2, ..default }.hash());
    }

    #[test]
    fn settings_that_cannot_work_are_named() {
        let error = Preprocessing { cell_px: 0, ..Default::default() }.check().unwrap_err();
        assert!(error.to_string().contains("cell-px is 0"), "{error}");
        assert!(Preprocessing { cell_fill: f32::NAN, ..Default::default() }.check().is_err());
        // The differences of three channels sum to 765 at most, which must exceed the threshold.
        for (mask_threshold, works) in [(0, false), (1, true), (255, true), (764, true), (765, false)] {
            assert_eq!(
                Preprocessing { mask_threshold, ..Default::default() }.check().is_ok(),
                works,
                "{mask_threshold}"
            );
        }
    }
}
