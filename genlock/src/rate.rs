//! The trigger rate that this machine keeps up with.

use crate::session::latency::Latency;

/// Divisors of the footage's rate, from the fastest.
pub const DIVISORS: [u32; 3] = [1, 2, 4];
/// Share of a period that a frame's crop may take at most; the rest is for everything else.
const BUSY: f64 = 0.6;

/// The smallest divisor at which nine of ten crops leave time to spare, measured while learning was on.
pub fn choose(source_hz: f64, crop_work: &Latency) -> u32 {
    let slowest = DIVISORS[DIVISORS.len() - 1];
    let Some(crop_ms) = crop_work.quantile_ms(0.9) else { return slowest };
    DIVISORS.into_iter().find(|&divisor| crop_ms <= BUSY * 1_000.0 * f64::from(divisor) / source_hz).unwrap_or(slowest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(crop_ms: i64, expected: u32) {
        let work = Latency::default();
        for _ in 0..10 {
            work.record_ns(crop_ms * 1_000_000);
        }
        assert_eq!(choose(60.0, &work), expected, "{crop_ms} ms a crop");
    }

    #[test]
    fn slower_crops_give_lower_rates() {
        check(3, 1);
        check(15, 2);
        check(30, 4);
        check(500, 4);
        assert_eq!(choose(60.0, &Latency::default()), 4, "nothing measured");
    }
}
