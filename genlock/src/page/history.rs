//! The learner's curves, thinned to a bounded length.

use serde::{Deserialize, Serialize};
use transport::LearnerStatus;

/// Points kept per curve: more than the pixels of its width.
const CAPACITY: usize = 1_024;

/// The learner's curves over its steps, so that a page that is opened late or reloaded shows the whole run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    pub loss: Vec<LossPoint>,
    pub accuracy: Vec<Accuracies>,
}

/// Loss of one step: the total, and each head's part.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LossPoint {
    pub step: u64,
    pub loss: f64,
    pub sync: Option<f64>,
    pub flip: Option<f64>,
}

/// Accuracies of one evaluation, from 0 to 1, with chance at 0.5.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Accuracies {
    pub step: u64,
    pub sync: Option<f64>,
    pub flip: Option<f64>,
    pub held_out_sync: Option<f64>,
    pub held_out_flip: Option<f64>,
}

impl History {
    /// Adds what is new in a status. Steps that are repeated after a restart from a checkpoint replace the old ones.
    pub fn record(&mut self, learner: &LearnerStatus) {
        if let Some(loss) = learner.loss_last.filter(|loss| loss.is_finite()) {
            let point = LossPoint { step: learner.steps, loss, sync: learner.loss_sync, flip: learner.loss_flip };
            push(&mut self.loss, point, |point| point.step);
        }
        if let Some(step) = learner.evaluated_at_step {
            let point = Accuracies {
                step,
                sync: learner.sync_accuracy,
                flip: learner.flip_accuracy,
                held_out_sync: learner.held_out_sync_accuracy,
                held_out_flip: learner.held_out_flip_accuracy,
            };
            push(&mut self.accuracy, point, |point| point.step);
        }
    }
}

fn push<T>(points: &mut Vec<T>, point: T, step: impl Fn(&T) -> u64) {
    while points.last().is_some_and(|last| step(last) >= step(&point)) {
        points.pop();
    }
    if points.len() == CAPACITY {
        thin(points);
    }
    points.push(point);
}

/// Drops every second point of the older three quarters, so that the newest quarter stays dense.
fn thin<T>(points: &mut Vec<T>) {
    let dense_from = points.len() * 3 / 4;
    let mut index = 0;
    points.retain(|_| {
        let keep = index >= dense_from || index % 2 == 0;
        index += 1;
        keep
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(steps: u64, evaluated: Option<u64>) -> LearnerStatus {
        LearnerStatus {
            steps,
            loss_last: Some(steps as f64),
            evaluated_at_step: evaluated,
            sync_accuracy: Some(0.5),
            ..Default::default()
        }
    }

    #[test]
    fn stays_bounded_ordered_and_keeps_both_ends() {
        let mut history = History::default();
        for step in 1..=50_000 {
            history.record(&at(step, Some(step / 10)));
            assert!(history.loss.len() <= CAPACITY && history.accuracy.len() <= CAPACITY);
        }
        assert!(history.loss.is_sorted_by(|a, b| a.step < b.step));
        assert!(history.accuracy.is_sorted_by(|a, b| a.step < b.step));
        assert_eq!(history.loss.first().map(|point| point.step), Some(1));
        assert_eq!(history.loss.last().map(|point| point.step), Some(50_000));
    }

    #[test]
    fn a_restarted_learner_replaces_the_steps_that_it_repeats() {
        let mut history = History::default();
        for step in [10, 20, 30, 20, 20] {
            history.record(&at(step, None));
        }
        assert_eq!(history.loss.iter().map(|point| point.step).collect::<Vec<_>>(), [10, 20]);
        assert!(history.accuracy.is_empty());
    }
}
