//! A trigger box on a serial line.

use frame::{Problem, monotonic_now_ns};
use frame_sync::timing::{Observation, PulseTrain, RoundTripClock, RoundTripConfig};

use super::box_train::{MAX_DRIFT_PPM, Ticks, Train, TrainEnd, near};
use super::protocol::{Command, Hello, Period, Reading, Started, Status, VERSION};
use super::serial_line::SerialLine;
use super::{TriggerError, TriggerSource};

/// Settings of a trigger box.
#[derive(Clone, Debug, PartialEq)]
pub struct TriggerBoxSettings {
    /// Its serial device, preferably from `/dev/serial/by-id`.
    pub path: String,
    /// Pulses per second, to a thousandth; 0.1 to 1000.
    pub rate_hz: f64,
    /// How long a pulse is high.
    pub width_us: u32,
    /// Which outputs pulse, one bit each; `None` for all outputs of the box.
    pub outputs: Option<u8>,
    /// The box ends the pulses after this many seconds without a command from this host; 0 means never.
    pub watchdog_s: u32,
    /// Speed of the serial line, in bits per second.
    pub baud: u32,
}

impl TriggerBoxSettings {
    /// Pulses of 1 ms at all outputs, without a watchdog, over a line of 115 200 bits per second.
    pub fn new(path: impl Into<String>, rate_hz: f64) -> Self {
        Self { path: path.into(), rate_hz, width_us: 1000, outputs: None, watchdog_s: 0, baud: 115_200 }
    }
}

/// A microcontroller that sends the pulses (docs/trigger-box.md).
///
/// Once `pulses` has returned `Lost`, it does so until `start`, which reopens the device and starts a new train.
/// Dropping it leaves the pulses running.
pub struct TriggerBox {
    settings: TriggerBoxSettings,
    /// None once it has failed.
    link: Option<Link>,
    skipped: u64,
}

/// The open line to an identified box.
struct Link {
    line: SerialLine,
    hello: Hello,
    running: Option<Running>,
}

struct Running {
    train: Train,
    ticks: Ticks,
    clock: RoundTripClock,
}

/// Many boards restart when their port is opened, which takes up to two seconds.
const HELLO_TIMES: u32 = 15;
/// Round trips before a start, so that the times of its pulses are known early.
const FIRST_READINGS: usize = 16;
/// Clock round trips per status query.
const READINGS: usize = 2;

impl TriggerBox {
    /// Opens the device. Fails if it cannot be opened, or is no trigger box with this version of the protocol.
    pub fn open(settings: TriggerBoxSettings) -> Result<Self, TriggerError> {
        let link = Link::open(&settings)?;
        Ok(Self { settings, link: Some(link), skipped: 0 })
    }

    /// Pulses that the box skipped in the current or last train; each is also logged as an error.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// The box's name for itself; `None` while the box is lost.
    pub fn board(&self) -> Option<&str> {
        Some(&self.link.as_ref()?.hello.board)
    }
}

impl TriggerSource for TriggerBox {
    fn start(&mut self) -> Result<(), TriggerError> {
        self.skipped = 0;
        let mut link = match self.link.take() {
            Some(link) => link,
            None => Link::open(&self.settings)?,
        };
        link.start(&self.settings)?;
        self.link = Some(link);
        Ok(())
    }

    fn pulses(&mut self) -> Result<Option<PulseTrain>, TriggerError> {
        let mut link = self.link.take().ok_or_else(|| TriggerError::Lost("the trigger box is lost".to_owned()))?;
        let (pulses, skipped) = link.look()?;
        self.link = Some(link);
        if skipped > 0 {
            self.skipped += skipped;
            tracing::error!(pulses = skipped, in_all = self.skipped, "the trigger box skipped pulses");
        }
        Ok(pulses)
    }

    fn stop(&mut self) {
        if let Some(link) = &mut self.link {
            link.running = None;
            // If the box does not receive this, only its watchdog can end the pulses.
            let _ = link.line.ask(Command::Stop, |_| Some(()));
        }
    }
}

impl Link {
    fn open(settings: &TriggerBoxSettings) -> Result<Self, TriggerError> {
        let path = &settings.path;
        let mut line = SerialLine::open(path, settings.baud)?;
        let said = line.try_ask(Command::Hello, HELLO_TIMES)?.and_then(|(said, _)| said.ok());
        let hello = recognise(path, said.as_deref())?;
        Ok(Self { line, hello, running: None })
    }

    fn start(&mut self, settings: &TriggerBoxSettings) -> Result<(), TriggerError> {
        self.running = None;
        let ticks_per_second = self.hello.ticks_per_second;
        let period = Period::at_rate(settings.rate_hz, ticks_per_second).ok_or_else(|| {
            TriggerError::Open(Problem::with_remedy(
                format!("the trigger box cannot send {} pulses per second", settings.rate_hz),
                "choose a rate from 0.1 to 1000 Hz",
            ))
        })?;
        let width = u64::from(settings.width_us) * u64::from(ticks_per_second) / 1_000_000;
        let width = width.clamp(1, u64::from(u32::MAX)) as u32;
        for command in [
            Command::Stop,
            Command::Period(period),
            Command::Width(width),
            Command::Outputs(settings.outputs.unwrap_or(self.hello.outputs)),
            Command::Watchdog(settings.watchdog_s),
            Command::Arm,
        ] {
            self.line.ask(command, |_| Some(()))?;
        }
        let mut ticks = Ticks::new(ticks_per_second);
        let mut clock = RoundTripClock::new(RoundTripConfig {
            max_drift_ppm: MAX_DRIFT_PPM,
            // A greater jump could give pictures the numbers of other pulses.
            restart_ns: (period.ticks_per_pulse() * ticks.tick_ns() / 4.0) as i64,
            ..RoundTripConfig::new(ticks.tick_ns(), 64)
        });
        for _ in 0..FIRST_READINGS {
            let (reading, trip) = self.line.ask(Command::Clock, Reading::parse)?;
            let now = ticks.see(reading.now, trip.after_ns);
            clock.observe(trip.before_ns, now as u64, trip.after_ns);
        }
        // Not 0, and almost never the number of an earlier train.
        let number = (monotonic_now_ns() / 1_000_000) as u32 | 1;
        let (started, trip) = self.line.ask(Command::Start(number), Started::parse)?;
        let first = near(started.first, ticks.see(started.now, trip.after_ns));
        self.running = Some(Running { train: Train::new(number, first, period), ticks, clock });
        Ok(())
    }

    /// The pulses as they are known now, and how many were skipped since the last call.
    fn look(&mut self) -> Result<(Option<PulseTrain>, u64), TriggerError> {
        let lost = |end: TrainEnd| TriggerError::Lost(end.to_string());
        let Some(Running { train, ticks, clock }) = &mut self.running else { return Ok((None, 0)) };
        let (status, trip) = self.line.ask(Command::Status, Status::parse)?;
        let skipped = train.check(&status, ticks.see(status.now, trip.after_ns)).map_err(lost)?;
        let mut pulses = None;
        for _ in 0..READINGS {
            let (reading, trip) = self.line.ask(Command::Clock, Reading::parse)?;
            train.belongs(reading.train).map_err(lost)?;
            let now = ticks.see(reading.now, trip.after_ns);
            if clock.observe(trip.before_ns, now as u64, trip.after_ns) == Observation::Restarted {
                return Err(lost(TrainEnd::ClockJumped));
            }
            pulses = train.pulses(clock, ticks.tick_ns(), now, trip.after_ns);
        }
        Ok((pulses, skipped))
    }
}

/// Identifies the device at `path` by its answer to `hello`.
pub(super) fn recognise(path: &str, said: Option<&str>) -> Result<Hello, TriggerError> {
    let hello = said.and_then(Hello::parse).ok_or_else(|| {
        TriggerError::Open(Problem::with_remedy(
            format!("the device at {path} does not answer as a trigger box"),
            "give the path of the box, or flash the firmware in the folder trigger-box",
        ))
    })?;
    if hello.version != VERSION {
        return Err(TriggerError::Open(Problem::with_remedy(
            format!("the trigger box at {path} speaks version {} of the protocol, not {VERSION}", hello.version),
            "flash the firmware of this genlock (folder trigger-box)",
        )));
    }
    Ok(hello)
}
