//! One receiver: a bounded queue, and a thread that sends.

use std::sync::{Arc, Mutex, PoisonError};

use crossbeam::channel::{Receiver, Sender, bounded};
use transport::{PoseMessage, PoseSink, TransportError};

use crate::{Counts, OutputError, Report};

/// Bodies that may wait for a slow receiver: half a second at 30 Hz.
const WAITING: usize = 16;

/// What a session is told of a receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// It gets no more bodies, and why.
    Lost(String),
    /// It gets them again.
    Back(String),
}

/// The counts of one receiver, shared by the sides of its queue.
#[derive(Clone, Default)]
pub(crate) struct CountsCell(Arc<Mutex<Counts>>);

impl CountsCell {
    pub fn get(&self) -> Counts {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, which: fn(&mut Counts) -> &mut u64) {
        *which(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner)) += 1;
    }
}

/// The side that bodies come from.
pub(crate) struct Output {
    name: String,
    queue: Sender<Arc<PoseMessage>>,
    counts: CountsCell,
    report: Report,
    /// How many were dropped since the receiver became too slow.
    dropped: u64,
    /// Disconnected when the thread has ended.
    running: Receiver<()>,
}

impl Output {
    pub fn start(name: String, sink: Box<dyn PoseSink>, report: Report) -> Result<Self, OutputError> {
        let (queue, bodies) = bounded(WAITING);
        let (ended, running) = bounded(0);
        let counts = CountsCell::default();
        let sending = Sending {
            name: name.clone(),
            state: State::Receives,
            missed: 0,
            counts: counts.clone(),
            report: report.clone(),
        };
        // It ends with the queue, or is left behind where its receiver blocks it for ever.
        let work = move || {
            sending.run(&bodies, sink);
            drop(ended);
        };
        std::thread::Builder::new().name("pose-output".into()).spawn(work).map_err(OutputError::Thread)?;
        Ok(Self { name, queue, counts, report, dropped: 0, running })
    }

    /// Never waits. Where the queue is full, the body is dropped.
    pub fn send(&mut self, body: Arc<PoseMessage>) {
        // A receiver that is merely slow takes one now and then, so it is back only when it has caught up.
        if self.dropped > 0 && self.queue.is_empty() {
            (self.report)(Told::Back(format!("{} takes bodies again; {} were dropped", self.name, self.dropped)));
            self.dropped = 0;
        }
        if self.queue.try_send(body).is_err() {
            self.counts.add(|counts| &mut counts.too_slow);
            self.dropped += 1;
            if self.dropped == 1 {
                let name = &self.name;
                (self.report)(Told::Lost(format!("{name} does not keep up: bodies are dropped until it does")));
            }
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn counts(&self) -> CountsCell {
        self.counts.clone()
    }

    /// Ends the queue. What waits in it is still sent; the answer is disconnected when that is done.
    pub fn end(self) -> Receiver<()> {
        self.running
    }
}

/// How a receiver is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Receives,
    Absent,
    Fails,
}

/// The side that sends.
struct Sending {
    name: String,
    state: State,
    /// How many were lost since it received the last one.
    missed: u64,
    counts: CountsCell,
    report: Report,
}

impl Sending {
    fn run(mut self, bodies: &Receiver<Arc<PoseMessage>>, mut sink: Box<dyn PoseSink>) {
        for body in bodies {
            self.answered(sink.send(&body));
        }
    }

    fn answered(&mut self, answer: Result<(), TransportError>) {
        let name = &self.name;
        let (state, text) = match answer {
            Ok(()) => {
                self.counts.add(|counts| &mut counts.sent);
                (State::Receives, format!("bodies to {name} are received again; {} were lost", self.missed))
            }
            Err(TransportError::Malformed(what)) => {
                self.counts.add(|counts| &mut counts.not_whole);
                tracing::debug!(what, name, "a body was left out");
                return;
            }
            Err(TransportError::Absent) => {
                self.counts.add(|counts| &mut counts.absent);
                (State::Absent, format!("nobody receives bodies at {name}; they are sent all the same"))
            }
            Err(error) => {
                self.counts.add(|counts| &mut counts.failed);
                (State::Fails, format!("bodies to {name} are lost: {error}"))
            }
        };
        self.missed = if state == State::Receives { 0 } else { self.missed + 1 };
        if std::mem::replace(&mut self.state, state) != state {
            (self.report)(if state == State::Receives { Told::Back(text) } else { Told::Lost(text) });
        }
    }
}
