//! A sink that is being asked, beside a witness.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam::channel::{Receiver as Channel, Sender, unbounded};
use transport::{PoseMessage, PoseSink, TransportError};

use super::{Format, Question, Receiver, body};
use crate::{Counts, PoseOutputs, Told};

/// Everything that may take a while must happen within this time.
pub const SOON: Duration = Duration::from_secs(10);

/// To hand over a body may take this long, on a machine that stops now and then. A sender that waited for a receiver would
/// take far longer.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Gets every body.
struct Witness(Sender<u64>);

impl PoseSink for Witness {
    fn send(&mut self, message: &PoseMessage) -> Result<(), TransportError> {
        self.0.send(message.set_index).map_err(|_| TransportError::Absent)
    }
}

/// One sink that is being asked.
pub struct Asked<'a> {
    pub format: &'a dyn Format,
    pub outputs: PoseOutputs,
    pub witnessed: Channel<u64>,
    pub told: Channel<Told>,
    /// The number of the next body.
    pub next: u64,
}

impl<'a> Asked<'a> {
    pub fn of(format: &'a dyn Format, ask: Question) -> Result<(), String> {
        let ((tell, told), (witness, witnessed)) = (unbounded(), unbounded());
        let mut outputs = PoseOutputs::new(Arc::new(move |what| drop(tell.send(what))));
        let started = |error: crate::OutputError| error.to_string();
        outputs.add("the sink".into(), format.sink()).map_err(started)?;
        outputs.add("the witness".into(), Box::new(Witness(witness))).map_err(started)?;
        let mut asked = Self { format, outputs, witnessed, told, next: 0 };
        ask(&mut asked)?;
        asked.settled_counts()?;
        let witness = asked.outputs.counts().get()[1].counts;
        if witness.lost() > 0 {
            return Err(format!("the witness lost {} bodies", witness.lost()));
        }
        Ok(())
    }

    /// Sends the next body. It must not wait, and the witness must get it.
    pub fn send(&mut self) -> Result<u64, String> {
        let (number, begun) = (self.next, Instant::now());
        self.outputs.send(&body(number));
        self.next += 1;
        let took = begun.elapsed();
        if took > AT_ONCE {
            return Err(format!("body {number} made the sender wait for {took:?}"));
        }
        match self.witnessed.recv_timeout(SOON) {
            Ok(witnessed) if witnessed == number => Ok(number),
            other => Err(format!("the witness should have got body {number}, and got {other:?}")),
        }
    }

    pub fn counts(&self) -> Counts {
        self.outputs.counts().get()[0].counts
    }

    /// The counts, once every body that was sent is counted. A receiver may have it a moment earlier.
    pub fn settled_counts(&self) -> Result<Counts, String> {
        let begun = Instant::now();
        loop {
            let counts = self.counts();
            let settled = counts.sent + counts.lost() + counts.not_whole == self.next;
            if settled {
                return Ok(counts);
            }
            if begun.elapsed() > SOON {
                return Err(format!("of {} bodies {counts:?} were counted", self.next));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Compares the counts.
    pub fn are_counted(&self, expected: Counts) -> Result<(), String> {
        let counts = self.settled_counts()?;
        if counts == expected { Ok(()) } else { Err(format!("{counts:?} were counted in place of {expected:?}")) }
    }

    /// Sends bodies until something happens.
    fn until<T>(&mut self, what: &str, mut happened: impl FnMut(&mut Self) -> Option<T>) -> Result<T, String> {
        let begun = Instant::now();
        while begun.elapsed() < SOON {
            self.send()?;
            if let Some(result) = happened(self) {
                return Ok(result);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Err(format!("{what}: not within {SOON:?}; counted were {:?}", self.counts()))
    }

    /// Sends until a receiver has got the newest body, so that nothing is on its way any more.
    pub fn until_received(&mut self, receiver: &mut dyn Receiver) -> Result<(), String> {
        self.until("the receiver gets a body", |asked| {
            std::iter::from_fn(|| receiver.next(Duration::from_millis(100))).find(|at| is(*at, asked.next - 1))
        })
        .map(drop)
    }

    pub fn until_told(&mut self, lost: bool) -> Result<(), String> {
        let what = if lost { "it is told that nobody receives" } else { "it is told that bodies are received again" };
        self.until(what, |asked| asked.told.try_iter().find(|told| matches!(told, Told::Lost(_)) == lost)).map(drop)
    }

    /// Sends bodies that all arrive, in order.
    pub fn all_arrive(&mut self, receiver: &mut dyn Receiver) -> Result<(), String> {
        for _ in 0..20 {
            let numbers = [self.send()?, self.send()?, self.send()?];
            for number in numbers {
                let got = receiver.next(SOON);
                if !got.is_some_and(|at| is(at, number)) {
                    return Err(format!("body {number} should have come next, and {got:?} did"));
                }
            }
        }
        Ok(())
    }
}

/// Whether a body that stands there is that of this number. Formats round.
fn is(at_mm: f64, number: u64) -> bool {
    (at_mm - number as f64).abs() < 0.4
}
