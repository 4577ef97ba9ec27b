//! What a learner says of itself.

use model::Precision;
use tch::Device;
use transport::LearnerStatus;

use super::Learner;

impl Learner {
    /// The learner's part of [`LearnerStatus`]. The caller fills in rates, transport and files.
    pub fn status(&self) -> LearnerStatus {
        let objective = self.trainer.objective();
        let moments = &objective.source.moments;
        let (held, minimum) = (moments.trained().len(), self.recipe().buffer.minimum_moments);
        let complaint = moments.complaint();
        let state = if !self.ready() {
            let why = complaint.map_or(String::new(), |complaint| format!("; {complaint}"));
            format!("waiting for moments: {held} of {minimum}{why}")
        } else if let Some(complaint) = complaint {
            format!("learning from what it holds: {complaint}")
        } else if self.starved {
            format!("waiting: the {held} moments held make no pair far enough apart in time")
        } else {
            "learning".to_owned()
        };
        let (evaluated_at_step, evaluation) = self.evaluation.unzip();
        let evaluation = evaluation.unwrap_or_default();
        LearnerStatus {
            state,
            task: objective.task.name().to_owned(),
            device: match objective.net.device() {
                Device::Cpu => "cpu".to_owned(),
                Device::Cuda(index) => format!("cuda:{index}"),
                other => format!("{other:?}").to_lowercase(),
            },
            precision: match self.trainer.precision() {
                Precision::F32 => "f32".to_owned(),
                Precision::Bf16 => "bf16".to_owned(),
            },
            steps: self.steps(),
            resumed_from_step: self.resumed_from,
            rolled_back: self.rolled_back,
            moments_held: held as u64,
            moments_held_out: moments.held_out().distinct() as u64,
            moments_still: moments.left_out().0,
            moments_unusable: moments.left_out().1,
            anchors_held: moments.trained().anchors() as u64,
            buffer_bytes: moments.trained().bytes() + moments.held_out().bytes(),
            served_at_step: objective.source.served_at_step,
            served_sync_accuracy: self.served_accuracy,
            loss_first: objective.source.loss_first,
            loss_last: self.losses_last.map(|losses| losses.total()),
            loss_sync: self.losses_last.map(|losses| losses.sync),
            loss_flip: self.losses_last.map(|losses| losses.flip),
            learning_rate: self.trainer.learning_rate(),
            sync_accuracy: evaluation.sync_accuracy,
            flip_accuracy: evaluation.flip_accuracy,
            held_out_sync_accuracy: evaluation.held_out_sync_accuracy,
            held_out_flip_accuracy: evaluation.held_out_flip_accuracy,
            evaluated_at_step,
            ..LearnerStatus::default()
        }
    }
}
