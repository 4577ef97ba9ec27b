//! The messages between host and trigger box (docs/trigger-box.md), without the serial line.

use std::fmt;

/// The version of the protocol that this host speaks.
pub(super) const VERSION: u32 = 1;

/// The longest line that either side sends, in bytes.
const LONGEST_LINE: usize = 128;

/// `pulses` pulses in `ticks` ticks of the box's clock: a ratio, so that 60 Hz is exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Period {
    pub ticks: u32,
    pub pulses: u32,
}

impl Period {
    /// Rounded to a thousandth of a hertz. `None` if it does not fit.
    pub fn at_rate(rate_hz: f64, ticks_per_second: u32) -> Option<Self> {
        let pulses = (rate_hz * 1000.0).round();
        let ticks = ticks_per_second.checked_mul(1000)?;
        (1.0..=f64::from(u32::MAX / 2)).contains(&pulses).then_some(Self { ticks, pulses: pulses as u32 })
    }

    pub fn ticks_per_pulse(self) -> f64 {
        f64::from(self.ticks) / f64::from(self.pulses)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Hello,
    Period(Period),
    /// In ticks.
    Width(u32),
    /// One bit per output.
    Outputs(u8),
    /// The box ends the pulses after this many seconds without a command; never with 0.
    Watchdog(u32),
    Arm,
    /// Starts the train with this number, which is not 0.
    Start(u32),
    Stop,
    Clock,
    Status,
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hello => f.write_str("hello"),
            Self::Period(Period { ticks, pulses }) => write!(f, "period {ticks} {pulses}"),
            Self::Width(ticks) => write!(f, "width {ticks}"),
            Self::Outputs(mask) => write!(f, "outputs {mask}"),
            Self::Watchdog(seconds) => write!(f, "watchdog {seconds}"),
            Self::Arm => f.write_str("arm"),
            Self::Start(train) => write!(f, "start {train}"),
            Self::Stop => f.write_str("stop"),
            // As long as its answer, so that on a slow line the box reads its clock in the middle of the round trip.
            Self::Clock => write!(f, "{:<24}", "clock"),
            Self::Status => f.write_str("status"),
        }
    }
}

impl Command {
    /// The line to send, including its line end.
    pub fn line(self, sequence: u16) -> String {
        let words = format!("{sequence} {self} ");
        let sum = crc16(words.as_bytes());
        format!("{words}*{sum:04X}\n")
    }
}

/// The box's answer to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// The command's sequence number.
    pub sequence: u16,
    pub said: Said,
}

/// The content of an answer, or the reason for a refusal.
pub(super) type Said = Result<String, String>;

impl Answer {
    /// `None` for a line that is damaged or no answer.
    pub fn parse(line: &[u8]) -> Option<Self> {
        let (words, sum) = std::str::from_utf8(line).ok()?.rsplit_once('*')?;
        if sum != format!("{:04X}", crc16(words.as_bytes())) {
            return None;
        }
        let mut parts = words.splitn(3, ' ');
        let sequence = parts.next()?.parse().ok()?;
        let kind = parts.next()?;
        let rest = parts.next().unwrap_or_default().trim().to_owned();
        let said = match kind {
            "ok" => Ok(rest),
            "no" => Err(rest),
            _ => return None,
        };
        Some(Self { sequence, said })
    }
}

/// The answer to `hello`: the box's identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hello {
    pub version: u32,
    pub ticks_per_second: u32,
    /// Its outputs, one bit each.
    pub outputs: u8,
    pub board: String,
}

impl Hello {
    /// `None` if the device is no trigger box.
    pub fn parse(said: &str) -> Option<Self> {
        let mut words = said.split_ascii_whitespace();
        (words.next()? == "genlock-trigger-box").then_some(())?;
        Some(Self {
            version: number(&mut words)?,
            ticks_per_second: number(&mut words).filter(|&ticks| ticks > 0)?,
            outputs: number(&mut words)?.try_into().ok()?,
            board: words.next().unwrap_or("unnamed").to_owned(),
        })
    }
}

/// The answer to `start`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Started {
    /// When pulse 0 is due, in ticks.
    pub first: u32,
    pub now: u32,
}

impl Started {
    pub fn parse(said: &str) -> Option<Self> {
        let mut words = said.split_ascii_whitespace();
        Some(Self { first: number(&mut words)?, now: number(&mut words)? })
    }
}

/// The answer to `clock`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    pub now: u32,
    pub train: u32,
}

impl Reading {
    pub fn parse(said: &str) -> Option<Self> {
        let mut words = said.split_ascii_whitespace();
        Some(Self { now: number(&mut words)?, train: number(&mut words)? })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Idle,
    Armed,
    Running,
    /// The watchdog ended the pulses.
    Expired,
}

/// The answer to `status`. Ticks are the box's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Status {
    pub state: State,
    /// The running train, or the last one; 0 when there was none since the box started.
    pub train: u32,
    /// Pulses sent, and pulses skipped because the box was busy when they were due.
    pub sent: u32,
    pub missed: u32,
    /// When pulse 0 was due, and when the last one that was sent began.
    pub first: u32,
    pub last: u32,
    /// Greatest lateness of at least the last 256 pulses, in ticks.
    pub late: u32,
    pub now: u32,
}

impl Status {
    pub fn parse(said: &str) -> Option<Self> {
        let mut words = said.split_ascii_whitespace();
        let state = match words.next()? {
            "idle" => State::Idle,
            "armed" => State::Armed,
            "running" => State::Running,
            "expired" => State::Expired,
            _ => return None,
        };
        Some(Self {
            state,
            train: number(&mut words)?,
            sent: number(&mut words)?,
            missed: number(&mut words)?,
            first: number(&mut words)?,
            last: number(&mut words)?,
            late: number(&mut words)?,
            now: number(&mut words)?,
        })
    }
}

fn number<'a>(words: &mut impl Iterator<Item = &'a str>) -> Option<u32> {
    words.next()?.parse().ok()
}

/// Splits bytes into lines; overlong lines are dropped.
#[derive(Default)]
pub(super) struct Lines {
    line: Vec<u8>,
}

impl Lines {
    /// The line that this byte completes, without its line end.
    pub fn push(&mut self, byte: u8) -> Option<Vec<u8>> {
        match byte {
            b'\n' => Some(std::mem::take(&mut self.line)).filter(|line| line.len() <= LONGEST_LINE),
            b'\r' => None,
            _ => {
                // One excess byte is kept to mark the line as overlong.
                if self.line.len() <= LONGEST_LINE {
                    self.line.push(byte);
                }
                None
            }
        }
    }
}

/// CRC-16/CCITT-FALSE (IBM-3740).
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, &byte| {
        (0..8).fold(
            crc ^ (u16::from(byte) << 8),
            |crc, _| {
                if crc & 0x8000 != 0 { (crc << 1) ^ 0x1021 } else { crc << 1 }
            },
        )
    })
}
