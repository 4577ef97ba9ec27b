//! Checks that several recipes share.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::RangeInclusive;

use frame_sync::pairs::PairGap;
use subject::Preprocessing;

use crate::{RecipeError, is_width};

/// Networks are at most this wide.
const MOST_WIDTH: u16 = 512;

/// For keys that were added later: they are written only where they differ, so that older checkpoints stay usable.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

pub(crate) fn require(holds: bool, key: &'static str, problem: &str) -> Result<(), RecipeError> {
    if holds { Ok(()) } else { Err(RecipeError::Value { key, problem: problem.to_owned() }) }
}

pub(crate) fn within<T: PartialOrd + Display>(
    value: T,
    range: &RangeInclusive<T>,
    key: &'static str,
) -> Result<(), RecipeError> {
    require(range.contains(&value), key, &format!("must be {} to {}", range.start(), range.end()))
}

pub(crate) fn seeds(seeds: &[u64], key: &'static str) -> Result<(), RecipeError> {
    let different: BTreeSet<&u64> = seeds.iter().collect();
    let holds = !seeds.is_empty() && different.len() == seeds.len();
    require(holds, key, "must be one or more different numbers")
}

/// Names that become those of folders.
pub(crate) fn names<'a>(mut names: impl Iterator<Item = &'a String>, key: &'static str) -> Result<(), RecipeError> {
    let plain =
        |name: &String| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    require(names.all(plain), key, "must be of letters, digits, - and _")
}

pub(crate) fn crop_px(value: u16) -> Result<(), RecipeError> {
    within(value, &Preprocessing::CROP_PX, "crop-px")
}

pub(crate) fn width(value: u16) -> Result<(), RecipeError> {
    let problem = format!(
        "must be a multiple of 8, at most {MOST_WIDTH}: oneDNN's AVX2 kernels write beyond their buffers in networks \
         of other widths"
    );
    require(is_width(value.into()) && value <= MOST_WIDTH, "width", &problem)
}

pub(crate) fn learning_rate(value: f64, key: &'static str) -> Result<(), RecipeError> {
    require(value > 0.0 && value < 1.0, key, "must be in (0, 1)")
}

pub(crate) fn weight_decay(value: f64, key: &'static str) -> Result<(), RecipeError> {
    require((0.0..1.0).contains(&value), key, "must be in [0, 1)")
}

pub(crate) fn gap(gap: &PairGap, key: &'static str) -> Result<(), RecipeError> {
    gap.check().map_err(|error| RecipeError::Value { key, problem: format!("is wrong: {error}") })
}
