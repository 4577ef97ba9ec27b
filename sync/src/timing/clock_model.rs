//! Maps a device's clock to the host's, from the arrival times of its frames.

use frame::{ClockId, HostTime};

use super::envelope::Envelope;
use super::wrap::unwrap_near;

/// What is known of a device's clock in advance, and how a [`ClockModel`] fits it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClockConfig {
    /// Nominal length of a device tick, in ns.
    pub tick_ns: f64,
    /// Bits of the device's counter; 64 when it does not wrap.
    pub counter_bits: u32,
    /// The shortest delay from the start of exposure to arrival (exposure, readout, transfer), in ns. Arrivals do not
    /// reveal it, so it must be given; if it is too small, all times are late by the difference.
    pub least_delay_ns: i64,
    /// How far the least delay may be off, in ns; it is added to the uncertainty of every time.
    pub least_delay_uncertainty_ns: u32,
    /// How far back the fit looks, in ns.
    pub window_ns: i64,
    /// How far the device's rate may be off, in parts per million.
    pub max_drift_ppm: f64,
    /// If ticks go back by more than this, or arrivals stay late by more than this, the device has restarted or a clock
    /// has jumped. In ns.
    pub restart_ns: i64,
    /// The clock of the arrivals.
    pub clock: ClockId,
}

impl ClockConfig {
    /// No least delay, a window of 30 s, drift up to 500 ppm, restart beyond 200 ms, the host's monotonic clock.
    pub fn new(tick_ns: f64, counter_bits: u32) -> Self {
        Self {
            tick_ns,
            counter_bits,
            least_delay_ns: 0,
            least_delay_uncertainty_ns: 0,
            window_ns: 30_000_000_000,
            max_drift_ppm: 500.0,
            restart_ns: 200_000_000,
            clock: ClockId::Monotonic,
        }
    }
}

/// Whether a new observation agrees with what a clock model has learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observation {
    /// It does, or nothing was known yet.
    Consistent,
    /// The counter went back: the device restarted. From a [`RoundTripClock`](super::RoundTripClock): the counter is
    /// far off in either direction. The model has forgotten everything before.
    Restarted,
    /// The counter leapt ahead, or frames stay late: a clock jumped. The model has forgotten everything before.
    Jumped,
}

/// For at least this long, and for at least this many frames, all must be late before the model starts over.
const LATE_NS: i64 = 1_000_000_000;
const LATE_FRAMES: u32 = 16;

/// Maps device ticks to host time by the lower envelope of the points (ticks, arrival).
///
/// An arrival comes after its exposure by at least a constant delay, so the true line runs below all points. The model
/// is the line below all arrivals of its window that is closest to them on average, minus the least delay. Frames that
/// were buffered and delivered in a burst lie far above the line and do no harm, as long as about one in ten is on
/// time.
pub struct ClockModel {
    config: ClockConfig,
    newest: Option<Newest>,
    /// x: nominal device time since the origin; y: how far the arrival is later than that. Both in ns.
    envelope: Envelope,
    /// How many frames in a row were late, and when the first of them arrived.
    late: (u32, i64),
}

#[derive(Clone, Copy)]
struct Newest {
    /// Unwrapped.
    ticks: i128,
    arrival_ns: i64,
    origin_ticks: i128,
    origin_ns: i64,
}

impl ClockModel {
    /// A model that has seen no frame.
    pub fn new(config: ClockConfig) -> Self {
        Self { config, newest: None, envelope: Self::envelope(&config), late: (0, 0) }
    }

    /// Learns from a frame: the device's counter at its exposure, as shown, and its arrival on the host's clock, in ns.
    pub fn observe(&mut self, shown: u64, arrival_ns: i64) -> Observation {
        let Some(newest) = self.newest else {
            self.begin(shown, arrival_ns);
            return Observation::Consistent;
        };
        let ticks = self.unwrap(shown, arrival_ns);
        let ahead_ns = (ticks - newest.ticks) as f64 * self.config.tick_ns;
        if ahead_ns < -self.config.restart_ns as f64 {
            self.begin(shown, arrival_ns);
            return Observation::Restarted;
        }
        let (x, y) = self.place(&newest, ticks, arrival_ns);
        if self.jumped(x, y, arrival_ns) {
            self.begin(shown, arrival_ns);
            return Observation::Jumped;
        }
        // A repeated or out-of-order frame adds nothing.
        if ahead_ns > 0.0 {
            self.newest = Some(Newest { ticks, arrival_ns, ..newest });
            self.envelope.push(x, y);
        }
        Observation::Consistent
    }

    /// The host time at which the device's counter showed this. `about_ns` is a host time near it, such as the frame's
    /// arrival, and decides how often the counter has wrapped. `None` until enough frames were seen.
    pub fn map(&self, shown: u64, about_ns: i64) -> Option<HostTime> {
        let newest = self.newest?;
        let (x, _) = self.place(&newest, self.unwrap(shown, about_ns), about_ns);
        let (y, half_width_ns) = self.envelope.at(x)?;
        let ns = newest.origin_ns + (x + y).round() as i64 - self.config.least_delay_ns;
        let half_width_ns = half_width_ns + self.config.tick_ns + f64::from(self.config.least_delay_uncertainty_ns);
        // The cast to u32 saturates.
        Some(HostTime { ns, uncertainty_ns: half_width_ns.ceil() as u32, clock: self.config.clock })
    }

    /// The counter's value as device time, in ns since the counter was zero, unwrapped by means of `about_ns`, a host
    /// time near it. `None` before the first frame.
    pub fn device_ns(&self, shown: u64, about_ns: i64) -> Option<i64> {
        self.newest?;
        Some((self.unwrap(shown, about_ns) as f64 * self.config.tick_ns).round() as i64)
    }

    /// How much faster than nominal the device's clock runs, in parts per million of the host's. `None` until enough
    /// frames were seen.
    pub fn drift_ppm(&self) -> Option<f64> {
        self.envelope.slope().map(|slope| (1.0 / (1.0 + slope) - 1.0) * 1e6)
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        *self = Self::new(self.config);
    }

    fn envelope(config: &ClockConfig) -> Envelope {
        Envelope::new(config.window_ns as f64, config.max_drift_ppm * 1e-6)
    }

    fn begin(&mut self, shown: u64, arrival_ns: i64) {
        let ticks = i128::from(shown);
        self.newest = Some(Newest { ticks, arrival_ns, origin_ticks: ticks, origin_ns: arrival_ns });
        self.envelope = Self::envelope(&self.config);
        self.envelope.push(0.0, 0.0);
        self.late = (0, arrival_ns);
    }

    fn unwrap(&self, shown: u64, about_ns: i64) -> i128 {
        let Some(newest) = self.newest else { return i128::from(shown) };
        let elapsed = (about_ns - newest.arrival_ns) as f64 / self.config.tick_ns;
        unwrap_near(shown, self.config.counter_bits, newest.ticks + elapsed.round() as i128)
    }

    fn place(&self, newest: &Newest, ticks: i128, arrival_ns: i64) -> (f64, f64) {
        let x = (ticks - newest.origin_ticks) as f64 * self.config.tick_ns;
        (x, (arrival_ns - newest.origin_ns) as f64 - x)
    }

    /// Whether the frame arrived before it can have been exposed, or all frames have been late for long.
    fn jumped(&mut self, x: f64, y: f64, arrival_ns: i64) -> bool {
        let Some((floor, half_width_ns)) = self.envelope.at(x) else { return false };
        let late_ns = y - floor;
        if late_ns < self.config.restart_ns as f64 {
            self.late.0 = 0;
            return late_ns < -(EARLY_NS + EARLY_WIDTHS * half_width_ns);
        }
        if self.late.0 == 0 {
            self.late.1 = arrival_ns;
        }
        self.late.0 += 1;
        self.late.0 >= LATE_FRAMES && arrival_ns - self.late.1 > LATE_NS
    }
}

/// A frame may lie below the envelope because that was estimated too high, but only by this plus so many times the
/// envelope's uncertainty.
const EARLY_NS: f64 = 20e6;
const EARLY_WIDTHS: f64 = 4.0;
