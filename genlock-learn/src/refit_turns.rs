//! When the learner refits the rig's own network: it never takes more than half of the learner's time.

use std::time::{Duration, Instant};

use learn::runs::Refitter;
use model::SyncNet;
use transport::RefitStatus;

/// Seconds that refitting may be behind its half and catch up with, if no single step of the learner took longer.
const MOST_BEHIND_S: f64 = 2.0;

/// The time of a turn, after which the learner looks at what else there is.
const TURN: Duration = Duration::from_millis(500);

pub struct RefitTurns {
    refitter: Refitter,
    half: Half,
    /// The end of the last turn.
    since: Instant,
    began: Instant,
    spent: Duration,
}

impl RefitTurns {
    pub fn new(refitter: Refitter) -> Self {
        let now = Instant::now();
        Self { refitter, half: Half::default(), since: now, began: now, spent: Duration::ZERO }
    }

    /// Makes the steps that are due until refitting has had half of the time, or for one turn. Returns whether it made
    /// any. `net` is the learner's network.
    pub fn turn(&mut self, net: &SyncNet) -> bool {
        let begun = Instant::now();
        self.half.others(begun - self.since);
        self.since = begun;
        let mut made = false;
        while self.is_due() && begun.elapsed() < TURN {
            made = true;
            if let Err(error) = self.refitter.step(net) {
                // The learner goes on without it.
                tracing::error!(%error, "the rig's own network is no longer refitted");
                self.refitter.give_up(error.to_string());
            }
            let now = Instant::now();
            self.half.refitting(now - self.since);
            self.spent += now - self.since;
            self.since = now;
        }
        made
    }

    /// Whether refitting has something to learn and has had less than its half.
    pub fn is_due(&self) -> bool {
        self.half.is_free() && self.refitter.is_due()
    }

    pub fn status(&self) -> RefitStatus {
        let share = self.spent.as_secs_f64() / self.began.elapsed().as_secs_f64().max(1e-3);
        RefitStatus { share, ..self.refitter.status() }
    }
}

/// Divides time so that refitting gets half of it at most.
#[derive(Debug, Default)]
struct Half {
    /// Seconds that went to other things, less those that went to refitting.
    ahead_s: f64,
}

impl Half {
    fn others(&mut self, took: Duration) {
        let took_s = took.as_secs_f64();
        self.ahead_s = (self.ahead_s + took_s).min(MOST_BEHIND_S.max(took_s));
    }

    fn refitting(&mut self, took: Duration) {
        self.ahead_s -= took.as_secs_f64();
    }

    fn is_free(&self) -> bool {
        self.ahead_s > 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The share that refitting gets beside steps of the learner.
    fn share(step_ms: u64, refit_ms: u64) -> f64 {
        let [step, refit] = [step_ms, refit_ms].map(Duration::from_millis);
        let (mut half, mut others_ms, mut refits_ms) = (Half::default(), 0, 0);
        while others_ms + refits_ms < 600_000 {
            half.others(step);
            others_ms += step_ms;
            while half.is_free() {
                half.refitting(refit);
                refits_ms += refit_ms;
            }
        }
        refits_ms as f64 / (others_ms + refits_ms) as f64
    }

    #[test]
    fn refitting_gets_half_of_the_time_at_most_however_long_its_steps_are() {
        for (step_ms, refit_ms) in [(200, 600), (600, 200), (1, 900), (50, 50), (30_000, 400)] {
            let share = share(step_ms, refit_ms);
            assert!(share < 0.505, "{share} with steps of {step_ms} and {refit_ms} ms");
        }
        for (step_ms, refit_ms) in [(200, 600), (30_000, 400)] {
            assert!(share(step_ms, refit_ms) > 0.49, "it gets its half beside steps of {step_ms} ms");
        }
    }
}
