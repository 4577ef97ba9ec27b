//! The upper median.

/// The median, or the larger of the two middle values; `None` without values. Geometry's own median is their mean.
pub fn upper_median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
