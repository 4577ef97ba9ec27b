use serde::{Deserialize, Serialize};

use crate::SubjectError;

/// Everything that decides how a frame becomes a sample, given a background. Two runs with equal hashes saw their
/// pictures alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Preprocessing {
    /// Changes when the code changes what it makes of the same settings.
    pub version: u32,
    /// Side of the square crop in pixels.
    pub crop_px: u16,
    /// Side of the crop's region, in units of the longer side of the subject's box.
    pub crop_scale: f32,
    /// That side is the mean of the middle half of what this many pictures ask for, at most 5 of them a second.
    pub side_pictures: u16,
    /// How far the region's centre may be from the subject's before it follows, in units of the region's side.
    pub centre_slack: f32,
    /// A pixel is subject where the channels' absolute differences to the background sum to more than this (SYNC
    /// §4.1: 32).
    pub mask_threshold: u16,
    /// Side of the grid cells in which the subject is sought, in pixels of the background's picture.
    pub cell_px: u16,
    /// Share of a cell that must differ from the background.
    pub cell_fill: f32,
    /// Cells up to this many steps apart count as connected.
    pub join_cells: u16,
    /// Least share of the picture that a subject covers.
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
    pub const VERSION: u32 = 2;

    /// The defaults with another crop size.
    pub fn with_crop_px(crop_px: u16) -> Self {
        Self { crop_px, ..Self::default() }
    }

    /// A name for these settings that is the same on every machine: FNV-1a over their JSON.
    pub fn hash(&self) -> u64 {
        // Plain numbers always serialise; a failure could only make the hash differ, never equal by mistake.
        let json = serde_json::to_vec(self).unwrap_or_default();
        json.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }

    pub(crate) fn check(&self) -> Result<(), SubjectError> {
        let wrong = if self.version != Self::VERSION {
            format!("preprocessing version {} is unknown here, this build has {}", self.version, Self::VERSION)
        } else if !(8..=2048).contains(&self.crop_px) {
            format!("crop-px is {}, it must be 8 to 2048", self.crop_px)
        } else if !(0.5..=8.0).contains(&self.crop_scale) {
            format!("crop-scale is {}, it must be 0.5 to 8", self.crop_scale)
        } else if !(1..=1000).contains(&self.side_pictures) {
            format!("side-pictures is {}, it must be 1 to 1000", self.side_pictures)
        } else if !(0.0..=1.0).contains(&self.centre_slack) {
            format!("centre-slack is {}, it must be 0 to 1", self.centre_slack)
        } else if self.mask_threshold > 764 {
            format!("mask-threshold is {}, it must be 0 to 764", self.mask_threshold)
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
    }
}
