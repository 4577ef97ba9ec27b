//! When the learner refits the rig's own network: it never takes more than half of the learner's time.

use std::time::{Duration, Instant};

use learn::runs::Refitter;
use model::SyncNet;
use transport::{LabelSource, Moment, RefitStatus, TransportError};

/// Time that refitting may be behind its half and catch up with.
const MAX_CREDIT: Duration = Duration::from_secs(2);

pub struct RefitTurns {
    refitter: Refitter,
    labels: Box<dyn LabelSource>,
    /// Time that the learner spent on other things, less that of refitting.
    credit: Duration,
    /// The end of the last turn.
    since: Instant,
    began: Instant,
    spent: Duration,
}

impl RefitTurns {
    pub fn new(refitter: Refitter, labels: Box<dyn LabelSource>) -> Self {
        let now = Instant::now();
        Self { refitter, labels, credit: Duration::ZERO, since: now, began: now, spent: Duration::ZERO }
    }

    /// Keeps a moment until its labels come.
    pub fn offer(&mut self, moment: &Moment) {
        self.refitter.offer(moment);
    }

    /// Takes labels, and makes a step if one is due and refitting has had less than half of the time. Returns whether it
    /// made one. `net` is the learner's network.
    pub fn turn(&mut self, net: &SyncNet) -> bool {
        self.take_labels();
        let begun = Instant::now();
        self.credit = (self.credit + (begun - self.since)).min(MAX_CREDIT);
        let due = self.refitter.is_due() && !self.credit.is_zero();
        if due && let Err(error) = self.refitter.step(net) {
            // The learner goes on without it.
            tracing::error!(%error, "the rig's own network is no longer refitted");
            self.refitter.give_up(error.to_string());
        }
        self.since = Instant::now();
        if due {
            let took = self.since - begun;
            self.credit = self.credit.saturating_sub(took);
            self.spent += took;
        }
        due
    }

    fn take_labels(&mut self) {
        loop {
            match self.labels.receive() {
                Ok(Some(labels)) => self.refitter.label(&labels),
                Ok(None) | Err(TransportError::Closed) => return,
                Err(error) => return tracing::error!(%error, "labels cannot be decoded"),
            }
        }
    }

    pub fn status(&self) -> RefitStatus {
        let share = self.spent.as_secs_f64() / self.began.elapsed().as_secs_f64().max(1e-3);
        RefitStatus { share, ..self.refitter.status() }
    }
}
