//! Unwraps counters.

/// The number nearest to `expected` that a counter of `bits` bits would show as `shown`.
///
/// Unlike counting the wraps, this also works after a long gap, as long as `expected` is right to half the counter's
/// range.
pub(crate) fn unwrap_near(shown: u64, bits: u32, expected: i128) -> i128 {
    if bits >= 64 {
        return i128::from(shown);
    }
    let turn = 1i128 << bits;
    let behind = (expected - i128::from(shown)).rem_euclid(turn);
    let ahead = if behind > turn / 2 { turn - behind } else { -behind };
    expected + ahead
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_the_count_from_any_estimate_within_half_a_turn(
            count in 0i128..1 << 40, bits in 2u32..40, off in -0.49f64..0.49,
        ) {
            let turn = 1i128 << bits;
            let expected = count + (off * turn as f64) as i128;
            prop_assert_eq!(unwrap_near((count % turn) as u64, bits, expected), count);
        }
    }
}
