//! Converts the kernel's time stamps into starts of exposure.

use frame::HostTime;

/// What a kernel's time stamp marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marks {
    /// The start of exposure.
    Start,
    /// Some moment up to the end of the frame: the exposure began at most a period before.
    Later,
}

/// A stamp that is older than this on arrival is rejected.
const OLDEST_NS: i64 = 1_000_000_000;
/// Bound on the error of drivers that convert between clocks.
const SLACK_NS: i64 = 1_000_000;
/// Delay that transfer and a busy machine add to an arrival.
const ARRIVAL_NS: i64 = 20_000_000;

/// Converts one device's time stamps into starts of exposure.
pub(crate) struct KernelStamps {
    device: String,
    period_ns: i64,
    /// Delay of [`Marks::Later`] stamps after the exposure and its uncertainty, in ns, if measured.
    least_delay: Option<(i64, i64)>,
    /// A stamp was in the future, so this device does not stamp with the kernel's clock.
    ahead: bool,
    warned: bool,
}

impl KernelStamps {
    pub fn new(device: &str, rate_hz: f64, least_delay_ms: Option<f64>, uncertainty_ms: Option<f64>) -> Self {
        let ns = |ms: f64| (ms * 1e6).round() as i64;
        let least_delay = least_delay_ms.map(|delay| (ns(delay), ns(uncertainty_ms.unwrap_or(1.0))));
        Self {
            device: device.to_owned(),
            period_ns: (1e9 / rate_hz).round() as i64,
            least_delay,
            ahead: false,
            warned: false,
        }
    }

    /// The start of exposure of a unit that arrived at `arrival_ns`. If the stamp is missing, in the future or too old,
    /// the arrival replaces it.
    pub fn exposure(&mut self, stamp_ns: Option<i64>, marks: Marks, arrival_ns: i64) -> HostTime {
        self.ahead |= stamp_ns.is_some_and(|stamp| stamp > arrival_ns + SLACK_NS);
        let believed = !self.ahead && stamp_ns.is_some_and(|stamp| arrival_ns - stamp <= OLDEST_NS);
        let Some(stamp_ns) = stamp_ns.filter(|_| believed) else {
            if !std::mem::replace(&mut self.warned, true) {
                let age_ms = stamp_ns.map(|stamp| (arrival_ns - stamp) as f64 / 1e6);
                let device = &self.device;
                tracing::warn!(device, age_ms, "ignoring its time stamps; arrival times replace them");
            }
            return time(arrival_ns, 2 * self.period_ns + ARRIVAL_NS);
        };
        match (marks, self.least_delay) {
            (Marks::Start, _) => time(stamp_ns, SLACK_NS),
            (Marks::Later, Some((delay_ns, uncertainty_ns))) => time(stamp_ns - delay_ns, uncertainty_ns),
            (Marks::Later, None) => time(stamp_ns - self.period_ns / 2, self.period_ns / 2),
        }
    }
}

fn time(ns: i64, uncertainty_ns: i64) -> HostTime {
    HostTime::monotonic(ns, u32::try_from(uncertainty_ns).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(stamp_ns: Option<i64>, marks: Marks, least_delay_ms: Option<f64>, expect: (i64, u32)) {
        let mut stamps = KernelStamps::new("camera", 50.0, least_delay_ms, None);
        let exposure = stamps.exposure(stamp_ns, marks, 5_000_000_000);
        assert_eq!((exposure.ns, exposure.uncertainty_ns), expect, "{stamp_ns:?}, {marks:?}");
    }

    #[test]
    fn a_stamp_is_as_good_as_what_it_marks() {
        let stamp = Some(4_990_000_000);
        check(stamp, Marks::Start, None, (4_990_000_000, 1_000_000));
        check(stamp, Marks::Later, None, (4_980_000_000, 10_000_000));
        check(stamp, Marks::Later, Some(15.0), (4_975_000_000, 1_000_000));
    }

    #[test]
    fn a_stamp_that_cannot_be_is_no_time() {
        let arrival = (5_000_000_000, 60_000_000);
        check(None, Marks::Start, None, arrival);
        check(Some(5_035_000_000), Marks::Start, None, arrival);
        check(Some(3_999_000_000), Marks::Start, None, arrival);
        check(Some(4_000_000_000), Marks::Start, None, (4_000_000_000, 1_000_000));
    }

    #[test]
    fn a_device_that_was_ahead_once_is_not_believed_later() {
        let mut stamps = KernelStamps::new("camera", 50.0, None, None);
        stamps.exposure(Some(2_000_000_000), Marks::Start, 1_000_000_000);
        assert_eq!(stamps.exposure(Some(2_000_000_000), Marks::Start, 2_010_000_000).ns, 2_010_000_000);
    }
}
