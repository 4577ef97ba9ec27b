//! Simulated hardware-triggered cameras with faults, from one seed. Each frame carries its true values.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::AddAssign;

use frame_sync::timing::{FrameStamp, PulseTrain};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const START_NS: i64 = 5_000_000_000;
/// Stated by the cameras' drivers.
pub const LEAST_DELAY_NS: i64 = 2_500_000;
pub const COUNTER_BITS: u32 = 16;
/// How often the pulses are estimated again, and the largest error.
const ESTIMATE_NS: i64 = 500_000_000;
const ESTIMATE_OFF_NS: i64 = 100_000;

#[derive(Clone, Copy, Debug)]
pub struct RigConfig {
    pub seed: u64,
    pub cameras: usize,
    pub rate_hz: f64,
    pub pulses: u64,
    /// If not, there are only drift, delays and bunches.
    pub faults: bool,
}

/// A frame as a driver hands it over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Delivered {
    pub camera: usize,
    pub stamp: FrameStamp,
    pub truth: Truth,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truth {
    pub pulse: u64,
    pub exposure_ns: i64,
    /// Reboots of the camera before this frame.
    pub boots: u32,
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Made {
    pub lost: u64,
    pub duplicates: u64,
    pub bunches: u64,
    pub slips: u64,
    pub reboots: u64,
}

impl AddAssign for Made {
    fn add_assign(&mut self, other: Self) {
        self.lost += other.lost;
        self.duplicates += other.duplicates;
        self.bunches += other.bunches;
        self.slips += other.slips;
        self.reboots += other.reboots;
    }
}

/// The clock of a camera.
#[derive(Clone, Copy)]
pub struct Tick {
    pub tick_ns: f64,
    pub bits: u32,
}

/// Nanoseconds that do not wrap, 8 ns in 40 bits, and microseconds that wrap every 71 minutes.
pub const TICKS: [Tick; 3] =
    [Tick { tick_ns: 1.0, bits: 64 }, Tick { tick_ns: 8.0, bits: 40 }, Tick { tick_ns: 1000.0, bits: 32 }];

struct Camera {
    tick: Tick,
    rate: f64,
    booted_ns: i64,
    boots: u32,
    /// Counter minus pulse.
    shift: u64,
    off_until: u64,
    mean_delay_ns: f64,
    /// While frames are held back: until which pulse.
    held_until: Option<u64>,
    held: Vec<Delivered>,
    latest_ns: i64,
}

impl Camera {
    /// What its clock shows at a host time.
    fn ticks(&self, host_ns: i64) -> u64 {
        let ticks = ((host_ns - self.booted_ns) as f64 * self.rate / self.tick.tick_ns) as u64;
        if self.tick.bits == 64 { ticks } else { ticks & ((1 << self.tick.bits) - 1) }
    }
}

pub struct Rig {
    config: RigConfig,
    rng: ChaCha8Rng,
    period_ns: f64,
    cameras: Vec<Camera>,
    next_pulse: u64,
    queue: BinaryHeap<Reverse<(i64, u64, Waiting)>>,
    sent: u64,
    train: PulseTrain,
    estimated_ns: i64,
    pub made: Made,
}

/// In the queue, ordered by nothing of its own.
struct Waiting(Delivered);

impl PartialEq for Waiting {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl Eq for Waiting {}
impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Waiting {
    fn cmp(&self, _: &Self) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}

impl Rig {
    pub fn new(config: RigConfig) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
        // The source of the pulses has a crystal of its own.
        let period_ns = 1e9 / config.rate_hz * (1.0 + rng.random_range(-50e-6..50e-6));
        let cameras = (0..config.cameras)
            .map(|camera| Camera {
                tick: TICKS[camera % TICKS.len()],
                rate: 1.0 + rng.random_range(-100e-6..100e-6),
                booted_ns: -rng.random_range(0..4_000_000_000_000),
                boots: 0,
                shift: rng.random_range(0..65_536),
                off_until: 0,
                mean_delay_ns: rng.random_range(0.3e6..2e6),
                held_until: None,
                held: Vec::new(),
                latest_ns: 0,
            })
            .collect();
        let train = PulseTrain { start_ns: START_NS, period_ns, uncertainty_ns: ESTIMATE_OFF_NS as u32 };
        Self {
            config,
            rng,
            period_ns,
            cameras,
            next_pulse: 0,
            queue: BinaryHeap::new(),
            sent: 0,
            train,
            estimated_ns: i64::MIN,
            made: Made::default(),
        }
    }

    /// The next frame in order of arrival, and the pulses as they are known then.
    pub fn next(&mut self) -> Option<(Delivered, PulseTrain)> {
        // Nothing that is exposed later arrives earlier, so pulses up to the first arrival in the queue suffice.
        while self.next_pulse < self.config.pulses
            && self.queue.peek().is_none_or(|Reverse((arrival_ns, ..))| *arrival_ns >= self.pulse_ns(self.next_pulse))
        {
            let pulse = self.next_pulse;
            self.next_pulse += 1;
            for camera in 0..self.cameras.len() {
                self.expose(camera, pulse);
            }
        }
        let Reverse((arrival_ns, _, Waiting(delivered))) = self.queue.pop()?;
        if arrival_ns - ESTIMATE_NS > self.estimated_ns {
            self.estimate(arrival_ns);
        }
        Some((delivered, self.train))
    }

    /// What a camera's clock shows at a host time, for its latch.
    pub fn ticks(&self, camera: usize, host_ns: i64) -> u64 {
        self.cameras[camera].ticks(host_ns)
    }

    fn pulse_ns(&self, pulse: u64) -> i64 {
        START_NS + (pulse as f64 * self.period_ns) as i64
    }

    /// Another rate, off by up to 1 ppm, through a point now that is off by up to what the estimate says.
    fn estimate(&mut self, now_ns: i64) {
        let period_ns = self.period_ns * (1.0 + self.rng.random_range(-1e-6..1e-6));
        let off_ns = self.rng.random_range(-ESTIMATE_OFF_NS..ESTIMATE_OFF_NS);
        let pulses = (now_ns - START_NS) as f64 / self.period_ns;
        let start_ns = START_NS + (pulses * (self.period_ns - period_ns)).round() as i64 + off_ns;
        self.train = PulseTrain { start_ns, period_ns, ..self.train };
        self.estimated_ns = now_ns;
    }

    fn expose(&mut self, index: usize, pulse: u64) {
        let exposure_ns = self.pulse_ns(pulse);
        let rng = &mut self.rng;
        let camera = &mut self.cameras[index];
        if self.config.faults {
            // One camera reboots about once in three minutes.
            if index == 0 && pulse >= camera.off_until && rng.random_bool(1.0 / (180.0 * self.config.rate_hz)) {
                let off_s = rng.random_range(0.5..4.0);
                camera.off_until = pulse + (off_s * self.config.rate_hz) as u64;
                // Its clock starts before its first frame.
                camera.booted_ns = exposure_ns + rng.random_range(0..(off_s * 1e9 - self.period_ns) as i64);
                camera.boots += 1;
                camera.shift = camera.off_until.wrapping_neg();
                camera.held.clear();
                camera.held_until = None;
                self.made.reboots += 1;
            }
            if rng.random_bool(1.0 / 20_000.0) {
                // It counts a pulse that did not happen, or misses one, for this frame and all that follow.
                camera.shift =
                    if rng.random_bool(0.5) { camera.shift.wrapping_add(1) } else { camera.shift.wrapping_sub(1) };
                self.made.slips += 1;
            }
        }
        if pulse < camera.off_until {
            return;
        }
        if self.config.faults && rng.random_bool(0.004) {
            self.made.lost += 1;
            return;
        }
        let delay_ns = LEAST_DELAY_NS - (camera.mean_delay_ns * (1.0 - rng.random::<f64>()).ln()) as i64;
        let arrival_ns = (exposure_ns + delay_ns).max(camera.latest_ns + 10_000);
        let frame = Delivered {
            camera: index,
            stamp: FrameStamp {
                ticks: Some(camera.ticks(exposure_ns)),
                host: None,
                counter: Some(pulse.wrapping_add(camera.shift) & ((1 << COUNTER_BITS) - 1)),
                arrival_ns,
            },
            truth: Truth { pulse, exposure_ns, boots: camera.boots },
        };
        if camera.held_until.is_none() && rng.random_bool(1.0 / 100.0) {
            // This one and the next few are held back, for up to a fifth of a second, and handed over with the last.
            let most = (0.2 * self.config.rate_hz) as u64;
            camera.held_until = Some(pulse + rng.random_range(1..=most.min(12)));
            self.made.bunches += 1;
        }
        camera.held.push(frame);
        if camera.held_until.is_some_and(|until| pulse < until) {
            return;
        }
        camera.held_until = None;
        let mut arrival_ns = arrival_ns;
        for mut frame in std::mem::take(&mut camera.held) {
            frame.stamp.arrival_ns = arrival_ns;
            arrival_ns += 10_000;
            camera.latest_ns = arrival_ns;
            self.queue.push(Reverse((frame.stamp.arrival_ns, self.sent, Waiting(frame))));
            self.sent += 1;
            if self.config.faults && rng.random_bool(0.002) {
                let again_ns = rng.random_range(0..(3.0 * self.period_ns) as i64);
                frame.stamp.arrival_ns += again_ns;
                self.queue.push(Reverse((frame.stamp.arrival_ns, self.sent, Waiting(frame))));
                self.sent += 1;
                self.made.duplicates += 1;
            }
        }
    }
}
