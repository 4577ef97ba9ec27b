//! The trainer with a custom objective and network: training, bit-exact resume from a checkpoint, and detection of
//! divergence.

use std::path::Path;

use learn::LearnError;
use learn::trainer::{Loss, Objective, Resumable, Step, Trainer, TrainerSettings};
use model::{AdamWConfig, Cosine, ModelError, Precision, training_file};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use tch::{Device, Tensor};

const STEPS: u64 = 200;
const HIDDEN: i64 = 8;
/// Training has diverged if the loss exceeds this.
const MOST: f64 = 1e6;

/// Learns y = sin 1.5x from new random points in each step.
struct Sine {
    seed: u64,
    hidden: [Tensor; 2],
    out: [Tensor; 2],
    /// From this step on, targets are multiplied by this factor.
    spoilt: Option<(u64, f64)>,
    /// Whether there are points to draw.
    fed: bool,
}

#[derive(Serialize, Deserialize)]
struct Meta {
    format: u32,
    seed: u64,
    steps: u64,
}

impl Sine {
    fn new(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut values = |shape: &[i64]| {
            let values: Vec<f32> = (0..shape.iter().product()).map(|_| rng.random_range(-1.0..1.0)).collect();
            Tensor::from_slice(&values).reshape(shape).set_requires_grad(true)
        };
        let hidden = [values(&[HIDDEN, 1]), values(&[HIDDEN])];
        Self { seed, hidden, out: [values(&[1, HIDDEN]), values(&[1])], spoilt: None, fed: true }
    }
}

impl Objective for Sine {
    type Batch = [Tensor; 2];
    type Report = f64;

    fn name(&self) -> &'static str {
        "sine"
    }

    fn device(&self) -> Device {
        Device::Cpu
    }

    fn trainable(&self) -> Vec<(String, Tensor)> {
        self.tensors()
    }

    fn draw(&mut self, step: u64) -> Result<Option<[Tensor; 2]>, LearnError> {
        if !self.fed {
            return Ok(None);
        }
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed ^ (step << 8));
        let x: Vec<f32> = (0..64).map(|_| rng.random_range(-1.0..1.0)).collect();
        let x = Tensor::from_slice(&x).reshape([-1, 1]);
        let factor = self.spoilt.filter(|(from, _)| step >= *from).map_or(1.0, |(_, factor)| factor);
        let y = (&x * 1.5).sin() * factor;
        Ok(Some([x, y]))
    }

    fn loss(&self, [x, y]: &[Tensor; 2]) -> Result<Loss<f64>, ModelError> {
        let hidden = x.f_linear(&self.hidden[0], Some(&self.hidden[1]))?.f_tanh()?;
        let found = hidden.f_linear(&self.out[0], Some(&self.out[1]))?;
        let minimised = found.f_sub(y)?.f_square()?.f_mean(None)?;
        let report = minimised.f_double_value(&[])?;
        Ok(Loss { minimised, report })
    }

    fn diverged(&self, loss: &f64) -> Option<f64> {
        (loss.is_nan() || *loss > MOST).then_some(*loss)
    }
}

impl Resumable for Sine {
    type Meta = Meta;

    fn tensors(&self) -> Vec<(String, Tensor)> {
        let named = ["hidden.weight", "hidden.bias", "out.weight", "out.bias"].into_iter();
        named.zip(self.hidden.iter().chain(&self.out)).map(|(name, t)| (name.to_owned(), t.shallow_clone())).collect()
    }

    fn meta(&self, steps: u64) -> Result<Meta, LearnError> {
        Ok(Meta { format: training_file::FORMAT, seed: self.seed, steps })
    }

    fn resume(&mut self, path: &Path, meta: Meta) -> Result<u64, LearnError> {
        if meta.seed != self.seed {
            let problem = format!("it has the seed {}, this run {}", meta.seed, self.seed);
            return Err(LearnError::Checkpoint { path: path.to_owned(), problem });
        }
        Ok(meta.steps)
    }
}

fn settings() -> TrainerSettings {
    TrainerSettings {
        adamw: AdamWConfig { lr: 2e-2, ..AdamWConfig::default() },
        schedule: Cosine { lr: 2e-2, warm_up_steps: 5, total_steps: STEPS },
        precision: Precision::F32,
    }
}

fn losses(trainer: &mut Trainer<Sine>, steps: u64) -> Vec<f64> {
    (0..steps).map(|_| trainer.step().unwrap().unwrap().report).collect()
}

/// Every bit of the weights.
fn bits(trainer: &Trainer<Sine>) -> Vec<u32> {
    let tensors = trainer.objective().tensors().into_iter();
    tensors.flat_map(|(_, t)| Vec::<f32>::try_from(t.detach().reshape([-1])).unwrap()).map(f32::to_bits).collect()
}

#[test]
fn it_is_trained() {
    let mut trainer = Trainer::new(Sine::new(1), settings()).unwrap();
    let mut found = Vec::new();
    while !trainer.done() {
        let Step { steps, report } = trainer.step().unwrap().unwrap();
        found.push(report);
        assert_eq!(steps, found.len() as u64);
    }
    assert_eq!((found.len() as u64, trainer.total_steps()), (STEPS, STEPS));
    assert!(found[STEPS as usize - 1] < 0.02 && found[0] > 0.2, "{found:?}");
}

#[test]
fn a_resumed_training_goes_on_to_the_last_bit() {
    tch::set_num_threads(1);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sine.safetensors");
    let mut unbroken = Trainer::new(Sine::new(1), settings()).unwrap();
    let first = losses(&mut unbroken, 20);
    unbroken.save(&path).unwrap();
    let rest = losses(&mut unbroken, 20);

    let mut resumed = Trainer::resume(Sine::new(1), settings(), &path).unwrap();
    assert_eq!((resumed.steps(), resumed.learning_rate()), (20, settings().schedule.at(20)));
    assert_eq!(losses(&mut resumed, 20), rest);
    assert_eq!(bits(&resumed), bits(&unbroken));
    // Verifies the test itself: a run that was not resumed ends with other weights.
    let mut fresh = Trainer::new(Sine::new(1), settings()).unwrap();
    assert_eq!(losses(&mut fresh, 20), first);
    assert_ne!(bits(&fresh), bits(&resumed));

    let refused = Trainer::resume(Sine::new(2), settings(), &path).err().unwrap().to_string();
    assert!(refused.contains("sine.safetensors") && refused.contains("it has the seed 1"), "{refused}");
    std::fs::write(&path, b"torn").unwrap();
    assert!(Trainer::resume(Sine::new(1), settings(), &path).is_err());
}

#[test]
fn divergence_is_told_before_it_reaches_the_weights() {
    // NaN, and a loss that the objective considers too large.
    for factor in [f64::NAN, 1e9] {
        let spoilt = Sine { spoilt: Some((3, factor)), ..Sine::new(1) };
        let mut trainer = Trainer::new(spoilt, settings()).unwrap();
        losses(&mut trainer, 3);
        let before = bits(&trainer);
        let error = trainer.step().err().unwrap();
        assert!(matches!(&error, LearnError::Diverged { objective: "sine", step: 3, .. }), "{error}");
        assert!(error.to_string().contains("step 3 of sine"), "{error}");
        assert_eq!((bits(&trainer), trainer.steps()), (before, 3));
        // Training continues once the fault is removed.
        trainer.objective_mut().spoilt = None;
        losses(&mut trainer, 1);
    }
}

#[test]
fn nothing_to_learn_from_is_no_step() {
    let mut trainer = Trainer::new(Sine { fed: false, ..Sine::new(1) }, settings()).unwrap();
    let before = bits(&trainer);
    assert!(trainer.step().unwrap().is_none());
    assert_eq!((bits(&trainer), trainer.steps()), (before, 0));
    trainer.objective_mut().fed = true;
    assert_eq!(trainer.step().unwrap().unwrap().steps, 1);
}
