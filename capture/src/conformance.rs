//! Conformance checks for camera drivers, for tests with any camera.

use std::time::{Duration, Instant};

use frame::{BufferPool, HostTime, Slot, monotonic_now_ns};

use crate::{CameraDriver, DeviceClock, DriverError, DriverEvent, Stamp, Unit};

/// What the checks expect of the camera.
#[derive(Clone, Copy, Debug)]
pub struct Expected {
    /// Units to check before the driver is closed and reopened.
    pub units: u64,
    /// Longest time between two units, and from opening to the first one.
    pub silence: Duration,
    /// Each picture must be requested with [`CameraDriver::fire`].
    pub fired: bool,
    /// Units carry the device's counter.
    pub counted: bool,
    /// The source ends by itself after `units` or more, lost ones included.
    pub ends: bool,
}

impl Expected {
    /// A camera that runs freely, counts its units and never ends.
    pub fn endless(units: u64, silence: Duration) -> Self {
        Self { units, silence, fired: false, counted: true, ends: false }
    }
}

/// How much longer than its wait a driver may take, to allow for scheduling delays.
const SLACK: Duration = Duration::from_millis(150);
const WAITS: [Duration; 4] =
    [Duration::from_millis(250), Duration::ZERO, Duration::from_millis(1), Duration::from_millis(20)];
/// More missing units in a row than this are a failure.
const MISSING: u64 = 100_000;
/// One in this many units is taken without a slot.
const DROP_EVERY: u64 = 5;

/// Opens the driver twice in succession and checks its units each time. Returns a description of each violation; none
/// if the driver conforms.
pub fn conforms(
    mut open: impl FnMut() -> Result<Box<dyn CameraDriver>, DriverError>,
    expected: Expected,
) -> Vec<String> {
    let mut wrong = vec![];
    for time in ["opened", "opened again"] {
        let driver = match open() {
            Ok(driver) => driver,
            Err(error) => {
                wrong.push(format!("{time}: {error}"));
                break;
            }
        };
        let mut run = Run::new(driver, expected);
        if let Err(error) = run.run_out() {
            run.wrong.push(error);
        }
        wrong.extend(run.wrong.into_iter().map(|what| format!("{time}: {what}")));
    }
    wrong
}

struct Run {
    driver: Box<dyn CameraDriver>,
    expected: Expected,
    clock: Option<DeviceClock>,
    pool: BufferPool,
    wrong: Vec<String>,
    units: u64,
    calls: usize,
    /// Units reported as lost since the last unit.
    missing: u64,
    last: Option<Unit>,
    quiet_since: Instant,
}

impl Run {
    fn new(driver: Box<dyn CameraDriver>, expected: Expected) -> Self {
        let clock = driver.clock();
        Self {
            driver,
            expected,
            clock,
            pool: BufferPool::new(1, 0),
            wrong: vec![],
            units: 0,
            calls: 0,
            missing: 0,
            last: None,
            quiet_since: Instant::now(),
        }
    }

    /// Runs the checks. An error is a violation after which they cannot continue.
    fn run_out(&mut self) -> Result<(), String> {
        if let Some(clock) = self.clock
            && !(clock.tick_ns > 0.0 && (1..=64).contains(&clock.tick_bits))
        {
            self.wrong.push(format!("invalid clock {clock:?}"));
        }
        if !self.expected.fired && self.driver.fire().is_ok() {
            self.wrong.push("it takes a software trigger although it was not opened for one".into());
        }
        let mut to_fire = self.expected.fired;
        while self.units < self.expected.units || self.expected.ends {
            if to_fire {
                self.driver.fire().map_err(|error| format!("fire: {error}"))?;
            }
            let before = self.units;
            if !self.step()? {
                return Ok(());
            }
            if self.missing > MISSING {
                return Err(format!("{} units are missing in a row", self.missing));
            }
            to_fire = self.expected.fired && self.units > before;
        }
        self.latch()
    }

    /// One call of the driver; `false` at the end of its source.
    fn step(&mut self) -> Result<bool, String> {
        let pool = self.pool.clone();
        let mut slot = (self.units % DROP_EVERY != DROP_EVERY - 1).then(|| pool.acquire()).flatten();
        let wait = WAITS[self.calls % WAITS.len()];
        self.calls += 1;
        let called = Instant::now();
        let event = self.driver.next(slot.as_mut(), wait).map_err(|error| format!("next: {error}"))?;
        let took = called.elapsed();
        if took > wait + SLACK {
            self.wrong.push(format!("it was asked to wait {wait:?} and returned after {took:?}"));
        }
        match event {
            DriverEvent::Unit(unit) => self.unit(unit, slot.as_mut()),
            DriverEvent::Lost { reason, frames: 0 } => {
                self.wrong.push(format!("it reports a loss of no units: {reason}"))
            }
            DriverEvent::Lost { frames, .. } => {
                self.missing += frames;
                self.quiet_since = Instant::now();
            }
            DriverEvent::Idle => {}
            DriverEvent::Ended => return self.ended(),
        }
        // This applies even if other events came meanwhile.
        if self.quiet_since.elapsed() > self.expected.silence {
            return Err(format!("after {} units, no unit for {:?}", self.units, self.expected.silence));
        }
        Ok(true)
    }

    fn unit(&mut self, unit: Unit, slot: Option<&mut Slot>) {
        let number = self.units;
        let mut say = |what: String| self.wrong.push(format!("unit {number}: {what}"));
        if let Some(slot) = slot {
            let (has, needs) = (slot.bytes_mut().len(), unit.picture.least_bytes());
            if has < needs {
                say(format!("{has} bytes are too few for {:?}", unit.picture));
            }
        }
        match unit.exposure {
            Stamp::Host(HostTime { ns, .. }) if ns > monotonic_now_ns() => say("it was exposed in the future".into()),
            Stamp::Device { arrival_ns, .. } if arrival_ns > monotonic_now_ns() => {
                say("it arrived in the future".into())
            }
            Stamp::Device { .. } if self.clock.is_none() => {
                say("it has a device time stamp, but the driver has no clock".into())
            }
            _ => {}
        }
        if unit.counter.is_some() != self.expected.counted {
            say(format!("its counter is {:?}", unit.counter));
        }
        if let Some(last) = &self.last {
            if last.segment == unit.segment && !later(last.exposure, unit.exposure, self.clock) {
                say(format!("{:?} does not follow {:?}", unit.exposure, last.exposure));
            }
            if last.segment > unit.segment {
                say(format!("{:?} comes after {:?}", unit.segment, last.segment));
            }
            if last.picture != unit.picture {
                say(format!("{:?} comes after {:?}", unit.picture, last.picture));
            }
            let due = last.counter.map(|counter| counter + 1 + self.missing);
            if unit.counter != due {
                say(format!("its counter is {:?}, with {} missing it should be {due:?}", unit.counter, self.missing));
            }
        }
        self.units += 1;
        self.missing = 0;
        self.last = Some(unit);
        self.quiet_since = Instant::now();
    }

    fn ended(&mut self) -> Result<bool, String> {
        if !self.expected.ends {
            return Err(format!("it ended after {} units", self.units));
        }
        if self.units < self.expected.units {
            self.wrong.push(format!("it ended after {} of {} units", self.units, self.expected.units));
        }
        let again = self.driver.next(None, Duration::ZERO);
        if !matches!(again, Ok(DriverEvent::Ended)) {
            self.wrong.push(format!("after its end it returned {again:?}"));
        }
        Ok(false)
    }

    fn latch(&mut self) -> Result<(), String> {
        let Some(latch) = self.driver.latch().map_err(|error| format!("latch: {error}"))? else { return Ok(()) };
        if self.clock.is_none() {
            self.wrong.push("it latches a clock that it does not have".into());
        }
        if latch.before_ns > latch.after_ns || latch.after_ns > monotonic_now_ns() {
            self.wrong.push(format!("invalid clock reading {latch:?}"));
        }
        Ok(())
    }
}

/// Whether `second` is later than `first`; a device's clock may have wrapped in between.
fn later(first: Stamp, second: Stamp, clock: Option<DeviceClock>) -> bool {
    match (first, second) {
        (Stamp::Host(first), Stamp::Host(second)) => second.ns > first.ns,
        (Stamp::Device { ticks: a, arrival_ns: from }, Stamp::Device { ticks: b, arrival_ns: to }) => {
            let bits = clock.map_or(64, |clock| clock.tick_bits).clamp(1, 64);
            let step = b.wrapping_sub(a) & (u64::MAX >> (64 - bits));
            (1..1 << (bits - 1)).contains(&step) && to >= from
        }
        _ => false,
    }
}
