//! One round of steps, over which the learning rate falls to zero.

use std::sync::Arc;

use model::{AdamWConfig, Background, Cosine, Frozen, PoseModel, Precision};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use recipe::RigTraining;

use crate::LearnError;
use crate::data::LabelledSample;
use crate::objectives::pose_head::PoseHead;
use crate::trainer::{Trainer, TrainerSettings};

const STEPS: u64 = 150;
const BATCH: usize = 16;
const LEARNING_RATE: f64 = 3e-4;
const WEIGHT_DECAY: f64 = 1e-4;

pub struct Round {
    trainer: Trainer<PoseHead<Arc<LabelledSample>>>,
    training: RigTraining,
    loss_sum: f64,
}

impl Round {
    pub fn begin(
        model: PoseModel,
        training: RigTraining,
        pictures: Vec<Arc<LabelledSample>>,
        background: Background,
        seed: u64,
    ) -> Result<Self, LearnError> {
        let training = RigTraining { pictures: pictures.len(), ..training };
        // All layers are trained.
        let rng = ChaCha8Rng::seed_from_u64(seed);
        let head = PoseHead::new(model, background, pictures, Frozen::Nothing, BATCH, rng);
        let settings = TrainerSettings {
            adamw: AdamWConfig { lr: LEARNING_RATE, weight_decay: WEIGHT_DECAY, ..AdamWConfig::default() },
            schedule: Cosine { lr: LEARNING_RATE, warm_up_steps: STEPS / 10, total_steps: STEPS },
            precision: Precision::F32,
        };
        Ok(Self { trainer: Trainer::new(head, settings)?, training, loss_sum: 0.0 })
    }

    pub fn step(&mut self) -> Result<(), LearnError> {
        let step = self.trainer.step()?;
        self.loss_sum += step.map_or(0.0, |step| step.report);
        self.training.steps += 1;
        Ok(())
    }

    pub fn done(&self) -> bool {
        self.trainer.done()
    }

    pub fn mean_loss(&self) -> f64 {
        self.loss_sum / self.trainer.steps().max(1) as f64
    }

    pub fn finish(self) -> (PoseModel, RigTraining) {
        (self.trainer.into_objective().model, self.training)
    }
}
