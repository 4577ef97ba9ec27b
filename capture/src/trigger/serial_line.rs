//! Commands to the trigger box and their answers over a serial line.

use std::io::{self, ErrorKind, Write};
use std::time::{Duration, Instant};

use frame::{Problem, monotonic_now_ns};
use serialport::SerialPort;

use super::TriggerError;
use super::protocol::{Answer, Command, Lines, Said};

/// An answer takes a few milliseconds; after this time it counts as lost.
const PATIENCE: Duration = Duration::from_millis(200);
/// How often a command is sent before the box counts as silent.
const TIMES: u32 = 3;

pub(super) struct SerialLine {
    path: String,
    port: Box<dyn SerialPort>,
    lines: Lines,
    sequence: u16,
}

/// The host's monotonic times before and after the box handled a command.
#[derive(Clone, Copy, Debug)]
pub(super) struct RoundTrip {
    pub before_ns: i64,
    pub after_ns: i64,
}

impl SerialLine {
    pub fn open(path: &str, baud: u32) -> Result<Self, TriggerError> {
        let port = serialport::new(path, baud)
            .timeout(Duration::from_millis(20))
            .open()
            .map_err(|error| not_opened(path, &error))?;
        // Differs from the numbers of an earlier process, whose answers may still arrive.
        let sequence = (monotonic_now_ns() / 1000 % i64::from(u16::MAX)) as u16;
        Ok(Self { path: path.to_owned(), port, lines: Lines::default(), sequence })
    }

    /// Sends a command to an identified box and parses the answer. Without a valid answer, the box counts as lost.
    pub fn ask<T>(
        &mut self,
        command: Command,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<(T, RoundTrip), TriggerError> {
        let path = self.path.clone();
        let Some((said, trip)) = self.try_ask(command, TIMES)? else {
            return Err(TriggerError::Lost(format!("the trigger box at {path} does not answer any more")));
        };
        let words = said.map_err(|reason| {
            TriggerError::Open(Problem::with_remedy(
                format!("the trigger box at {path} refuses `{command}` ({reason})"),
                "choose a rate, width, outputs and watchdog that docs/trigger-box.md allows",
            ))
        })?;
        let value = parse(&words).ok_or_else(|| {
            TriggerError::Lost(format!(
                "the trigger box at {path} answers `{command}` with {words:?}, which is not valid"
            ))
        })?;
        Ok((value, trip))
    }

    /// Sends a command up to `times` times until it is answered: command or answer may get lost, and every command may
    /// be repeated. `None` if the other end stays silent.
    pub fn try_ask(&mut self, command: Command, times: u32) -> Result<Option<(Said, RoundTrip)>, TriggerError> {
        for _ in 0..times {
            let answered = self.ask_once(command).map_err(|error| {
                TriggerError::Lost(format!("the trigger box at {} is gone ({error}): check its cable", self.path))
            })?;
            if answered.is_some() {
                return Ok(answered);
            }
        }
        Ok(None)
    }

    fn ask_once(&mut self, command: Command) -> io::Result<Option<(Said, RoundTrip)>> {
        // From 1 to 65535; the box uses 0 in answers to lines that it did not understand.
        self.sequence = self.sequence % u16::MAX + 1;
        let line = command.line(self.sequence);
        let before_ns = monotonic_now_ns();
        if let Err(error) = self.port.write_all(line.as_bytes()) {
            return if error.kind() == ErrorKind::TimedOut { Ok(None) } else { Err(error) };
        }
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let mut bytes = [0; 64];
            let read = match self.port.read(&mut bytes) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(read) => read,
                Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Interrupted) => continue,
                Err(error) => return Err(error),
            };
            let after_ns = monotonic_now_ns();
            let mut said = None;
            for &byte in &bytes[..read] {
                let answer = self.lines.push(byte).and_then(|line| Answer::parse(&line));
                // Other numbers are late answers to abandoned commands.
                said = answer.filter(|answer| answer.sequence == self.sequence).or(said);
            }
            if let Some(Answer { said, .. }) = said {
                return Ok(Some((said, RoundTrip { before_ns, after_ns })));
            }
        }
        Ok(None)
    }
}

/// Why the device cannot be opened, and what to do.
pub(super) fn not_opened(path: &str, error: &serialport::Error) -> TriggerError {
    use serialport::ErrorKind as Kind;
    let (what, remedy) = match error.kind() {
        Kind::Io(ErrorKind::NotFound) => (
            format!("there is no trigger box at {path}"),
            "plug it in; `ls /dev/serial/by-id` shows the serial devices of this machine".to_owned(),
        ),
        Kind::Io(ErrorKind::PermissionDenied) => (
            format!("{path} may not be opened"),
            "join its group (`sudo usermod -aG dialout $USER`), then log in again".to_owned(),
        ),
        Kind::NoDevice => (
            format!("{path} is in use by another program"),
            format!("close that program, perhaps a serial monitor (`fuser {path}` shows it)"),
        ),
        _ => (
            format!("{path} cannot be opened as a serial line ({error})"),
            "give the path of the box's serial device, as in `ls /dev/serial/by-id`".to_owned(),
        ),
    };
    TriggerError::Open(Problem::with_remedy(what, remedy))
}
