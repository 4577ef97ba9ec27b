//! Trainings that end when they are told to, or after a time, and leave a checkpoint to go on from.

use std::time::{Duration, Instant};

use crossbeam::channel::Receiver;
use learn::runs::PoseTraining;
use miette::IntoDiagnostic;
use model::Processes;

use crate::stop::Stop;

/// Interval of checkpoints: the most that a crash can lose.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(120);

/// Until when to train, and when to write checkpoints.
pub struct Leg {
    stop: Receiver<Stop>,
    end: Option<Instant>,
    saved: Instant,
    ended: bool,
}

impl Leg {
    /// A leg of so many minutes since `begun`; without them, until it is stopped.
    pub fn new(stop: Receiver<Stop>, begun: Instant, minutes: Option<f64>) -> Self {
        let end = minutes.map(|minutes| begun + Duration::from_secs_f64((60.0 * minutes).clamp(0.0, 1e9)));
        Self { stop, end, saved: Instant::now(), ended: false }
    }

    /// To be called after each step. Writes a checkpoint where one is due; whether the leg has ended. Of several
    /// processes all end where one does.
    pub fn after_step(&mut self, trainer: &PoseTraining) -> miette::Result<bool> {
        let ended = Processes::any(self.has_ended()).into_diagnostic()?;
        if ended || trainer.done() || self.saved.elapsed() >= CHECKPOINT_EVERY {
            trainer.save().into_diagnostic()?;
            self.saved = Instant::now();
        }
        Ok(ended)
    }

    pub fn has_ended(&mut self) -> bool {
        self.ended |= self.stop.try_recv().is_ok() || self.end.is_some_and(|end| Instant::now() >= end);
        self.ended
    }
}
