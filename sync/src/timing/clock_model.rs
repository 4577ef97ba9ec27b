//! A device's clock on the host's, from the arrivals of its frames.

use frame::{ClockId, HostTime};

use super::envelope::Envelope;
use super::wrap::unwrap_near;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClockConfig {
    /// Nominal length of a device tick.
    pub tick_ns: f64,
    /// Bits of the device's counter; 64 when it does not wrap.
    pub counter_bits: u32,
    /// The shortest delay from the start of exposure to arrival: exposure, readout, transfer. It cannot be seen from
    /// arrivals, so whoever knows the camera and its exposure states it; times are late by what it lacks.
    pub least_delay_ns: i64,
    /// How far the least delay may be off; it goes into the uncertainty of every time.
    pub least_delay_uncertainty_ns: u32,
    /// How far back the fit looks.
    pub window_ns: i64,
    /// How far the device's rate may be off, in parts per million.
    pub max_drift_ppm: f64,
    /// Ticks that go back by more than this, or arrivals that stay late by more than this, mean that the device or a
    /// clock started anew.
    pub restart_ns: i64,
    /// The clock of the arrivals.
    pub clock: ClockId,
}

impl ClockConfig {
    /// No least delay, half a minute, 500 ppm, restart beyond 200 ms, the host's monotonic clock.
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

/// How a new observation fits what a clock model knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observation {
    Consistent,
    /// The counter went back: the device started anew. The model has forgotten everything before.
    Restarted,
    /// The counter went ahead, or stays behind: a clock jumped. The model has forgotten everything before.
    Jumped,
}

/// How long all frames must be late before the model gives itself up, and how many there must be.
const LATE_NS: i64 = 1_000_000_000;
const LATE_FRAMES: u32 = 16;

/// Device ticks to host time by the lower envelope of (ticks, arrival).
///
/// Arrivals are late by at least a constant and never early, so the truth runs below all of them: the model is the
/// line under every arrival of its window that is nearest to them on average, less the least delay. Frames that were
/// held back and handed over at once lie far above it and do no harm, as long as one in ten or so is on time.
pub struct ClockModel {
    config: ClockConfig,
    newest: Option<Newest>,
    /// Nominal device time since the origin, and how much later the arrival was, in ns.
    envelope: Envelope,
    /// Frames since the last one on time, and when the first of them came.
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
    pub fn new(config: ClockConfig) -> Self {
        Self { config, newest: None, envelope: Self::envelope(&config), late: (0, 0) }
    }

    /// Learns from a frame: what the device's counter showed at its exposure, and when it arrived.
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
        // A frame that comes a second time, or out of order, says nothing new.
        if ahead_ns > 0.0 {
            self.newest = Some(Newest { ticks, arrival_ns, ..newest });
            self.envelope.push(x, y);
        }
        Observation::Consistent
    }

    /// When the device's counter showed this, `about_ns` being a time near it, such as the frame's arrival. `None`
    /// until enough frames were seen.
    pub fn map(&self, shown: u64, about_ns: i64) -> Option<HostTime> {
        let newest = self.newest?;
        let (x, _) = self.place(&newest, self.unwrap(shown, about_ns), about_ns);
        let (y, half_width_ns) = self.envelope.at(x)?;
        let ns = newest.origin_ns + (x + y).round() as i64 - self.config.least_delay_ns;
        let half_width_ns = half_width_ns + self.config.tick_ns + f64::from(self.config.least_delay_uncertainty_ns);
        // The cast saturates.
        Some(HostTime { ns, uncertainty_ns: half_width_ns.ceil() as u32, clock: self.config.clock })
    }

    /// The device's time of what its counter shows, in ns since the counter was zero, for the turn of the counter that
    /// `about_ns` is nearest to. `None` before the first frame.
    pub fn device_ns(&self, shown: u64, about_ns: i64) -> Option<i64> {
        self.newest?;
        Some((self.unwrap(shown, about_ns) as f64 * self.config.tick_ns).round() as i64)
    }

    /// The device's rate against the host's, in parts per million above nominal.
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

    /// Whether the frame arrived before it can have been exposed, or all have been late for long.
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

/// A frame this early, and by this many times the uncertainty, does not merely show that the envelope was too high.
const EARLY_NS: f64 = 20e6;
const EARLY_WIDTHS: f64 = 4.0;
