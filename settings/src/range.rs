//! The check that a value lies in a range.

use std::fmt::Display;
use std::ops::RangeInclusive;

use crate::SettingsError;

/// The value, if it lies in the range; NaN lies in none. `origin` and `key` say where it was written.
///
/// # Errors
/// If the value is out of range, with the range as the remedy.
pub fn within<T: PartialOrd + Display>(
    origin: &str,
    key: &str,
    value: T,
    range: RangeInclusive<T>,
) -> Result<T, SettingsError> {
    if range.contains(&value) {
        return Ok(value);
    }
    let remedy = format!("give a value from {} to {}", range.start(), range.end());
    Err(SettingsError::new(origin, key, format!("{value} is out of range"), remedy))
}
