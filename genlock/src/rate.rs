//! The trigger rate that this machine keeps up with.

use miette::bail;
use session::Latency;

use crate::cli::Rate;

/// Divisors of the footage's rate, from the fastest.
pub const DIVISORS: [u32; 3] = [1, 2, 4];
/// Maximum share of a period for crops; the rest is for everything else.
const BUSY: f64 = 0.6;

/// The divisor of a source's rate that gives the requested rate.
pub fn divisor(source_hz: f64, rate: Rate) -> miette::Result<u32> {
    let wanted = match rate {
        Rate::Hz60 => 60.0,
        Rate::Hz30 => 30.0,
        Rate::Hz15 | Rate::Auto => 15.0,
    };
    let divisor = (source_hz / wanted).round();
    if divisor < 1.0 || (source_hz / divisor - wanted).abs() > 0.01 * wanted {
        bail!("{wanted} Hz is no divisor of the footage's {source_hz} Hz; use --rate auto");
    }
    Ok(divisor as u32)
}

/// The smallest divisor at which nine of ten crops, and the crops of all cameras together on all cores, fit into their
/// share of a period, as measured while learning was on.
pub fn choose(source_hz: f64, cameras: usize, crop_work: &Latency) -> u32 {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    choose_on(cores, source_hz, cameras, crop_work)
}

fn choose_on(cores: usize, source_hz: f64, cameras: usize, crop_work: &Latency) -> u32 {
    let slowest = DIVISORS[DIVISORS.len() - 1];
    let (Some(one_ms), Some(mean_ms)) = (crop_work.quantile_ms(0.9), crop_work.mean_ms()) else { return slowest };
    let all_ms = mean_ms * cameras as f64 / cores as f64;
    let fits = |divisor: &u32| one_ms.max(all_ms) <= BUSY * 1_000.0 * f64::from(*divisor) / source_hz;
    DIVISORS.into_iter().find(fits).unwrap_or(slowest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(crop_ms: i64, cameras: usize, expected: u32) {
        let work = Latency::default();
        for _ in 0..10 {
            work.record_ns(crop_ms * 1_000_000);
        }
        assert_eq!(choose_on(2, 60.0, cameras, &work), expected, "{crop_ms} ms a crop, {cameras} cameras");
    }

    #[test]
    fn slower_crops_and_more_cameras_give_lower_rates() {
        check(3, 4, 1);
        check(8, 1, 1);
        check(8, 4, 2);
        check(15, 1, 2);
        check(30, 4, 4);
        check(500, 4, 4);
        assert_eq!(choose_on(2, 60.0, 4, &Latency::default()), 4, "nothing measured");
    }
}
