//! Makes the trainings of a table, one after the other.

use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::ProgressBar;
use learn::data::rendered::Dataset;
use learn::eval::{Evaluator, PlaneErrors};
use learn::objectives::labelled_rows;
use learn::runs::{EncoderFile, PoseTraining};
use miette::{IntoDiagnostic, WrapErr, miette};
use model::{PoseModel, Precision};
use recipe::{PoseTarget, TrainRecipe};

use super::kept::{self, Errors, Measured, Pretrained};
use super::plan::{Encoder, Plan, Training};
use crate::commands::leg::Leg;
use crate::commands::progress::overall;
use crate::commands::train::log::{Log, Shown};

pub const ACCURACY_FILE: &str = "accuracy.json";
pub const ERRORS_FILE: &str = "errors.json";
/// As [`PoseTraining`] names them.
const ENCODER_FILE: &str = "sync.safetensors";
const TRANSFER_FILE: &str = "transfer.safetensors";
/// Between two lines in the log of a training.
const LOG_EVERY: Duration = Duration::from_secs(30);

/// Why the work ended.
pub enum Ended {
    Done,
    /// The time is over or a signal came, during this training.
    Leg {
        now: String,
    },
}

pub struct Work<'a> {
    plan: &'a Plan,
    dataset: &'a Dataset,
    out: &'a Path,
    leg: Leg,
    bar: ProgressBar,
}

impl<'a> Work<'a> {
    pub fn new(plan: &'a Plan, dataset: &'a Dataset, out: &'a Path, leg: Leg) -> Self {
        Self { plan, dataset, out, leg, bar: overall() }
    }

    /// Makes these trainings, and the encoders that they need. What is there is kept.
    pub fn run(mut self, wanted: &[usize]) -> miette::Result<Ended> {
        let mut left: Vec<&Training> = Vec::new();
        for training in wanted.iter().map(|&index| &self.plan.trainings[index]) {
            if self.errors(training)?.is_none() {
                left.push(training);
            }
        }
        let mut encoders: Vec<usize> = left.iter().filter_map(|training| training.encoder).collect();
        encoders.sort_unstable();
        encoders.dedup();
        let transfer: u64 = left.iter().map(|training| training.recipe.transfer.samples).sum();
        let mut pretraining = 0;
        for &index in &encoders {
            let encoder = &self.plan.encoders[index];
            if self.accuracy(encoder)?.is_none() {
                pretraining += encoder.recipe.sync.samples;
            }
        }
        self.bar.set_length(pretraining + transfer);
        for training in left {
            let encoder = training.encoder.map(|index| &self.plan.encoders[index]);
            if let Some(encoder) = encoder
                && self.accuracy(encoder)?.is_none()
                && !self.pretrain(encoder)?
            {
                return Ok(Ended::Leg { now: format!("the pretraining of {}", encoder.name) });
            }
            if self.leg.has_ended() || !self.transfer(training, encoder)? {
                return Ok(Ended::Leg { now: training.name.clone() });
            }
        }
        self.bar.finish_and_clear();
        Ok(Ended::Done)
    }

    fn accuracy(&self, encoder: &Encoder) -> miette::Result<Option<Pretrained>> {
        kept::read(&encoder.folder(self.out).join(ACCURACY_FILE), &encoder.recipe, Some(self.dataset.len()))
    }

    fn errors(&self, training: &Training) -> miette::Result<Option<Measured>> {
        kept::read(&training.folder(self.out).join(ERRORS_FILE), &training.recipe, Some(self.dataset.len()))
    }

    /// Whether it came to its end.
    fn pretrain(&mut self, encoder: &Encoder) -> miette::Result<bool> {
        let folder = made(encoder.folder(self.out))?;
        let mut trainer = self.trainer(&encoder.recipe, &folder, None, &format!("{}, pretraining", encoder.name))?;
        let pretraining = |trainer: &PoseTraining| trainer.stage() == "sync";
        if pretraining(&trainer) && !self.train(&mut trainer, &folder, pretraining)? {
            return Ok(false);
        }
        let accuracy = trainer.sync_accuracy().ok_or_else(|| miette!("a pretraining ended without its accuracy"))?;
        kept::write(&folder.join(ACCURACY_FILE), &encoder.recipe, self.dataset.len(), Pretrained { accuracy })?;
        let held_out = accuracy.held_out.map_or("no pairs held out".to_owned(), |[sync, flip]| {
            format!("held out sync {sync:.3}, flip {flip:.3} (chance .5)")
        });
        self.say(&format!("{}: pretrained, {held_out}", encoder.name));
        Ok(true)
    }

    /// Whether it came to its end.
    fn transfer(&mut self, training: &Training, encoder: Option<&Encoder>) -> miette::Result<bool> {
        let (folder, recipe) = (made(training.folder(self.out))?, &training.recipe);
        let encoder = encoder.map(|encoder| encoder.folder(self.out).join(ENCODER_FILE));
        let mut trainer = self.trainer(recipe, &folder, encoder.as_deref(), &training.name)?;
        if !trainer.done() && !self.train(&mut trainer, &folder, |trainer| !trainer.done())? {
            return Ok(false);
        }
        let precision = trainer.precision();
        let model =
            trainer.model().into_diagnostic()?.ok_or_else(|| miette!("a training ended without a pose model"))?;
        let found = self.measured(model, recipe, precision)?;
        kept::write(&folder.join(ERRORS_FILE), recipe, self.dataset.len(), found)?;
        // Figures are what a table needs; the checkpoints of all rows would be gigabytes.
        let checkpoint = folder.join(TRANSFER_FILE);
        std::fs::remove_file(&checkpoint)
            .into_diagnostic()
            .wrap_err_with(|| format!("removing {}", checkpoint.display()))?;
        let words = match found.errors {
            Errors { mpjpe, n_mpjpe: Some(n), p_mpjpe: Some(p) } => format!("/ N / P {mpjpe:.1} / {n:.1} / {p:.1} mm"),
            Errors { mpjpe, .. } => format!("{mpjpe:.1} px"),
        };
        self.say(&format!("{}: MPJPE {words}", training.name));
        Ok(true)
    }

    fn measured(&self, model: &PoseModel, recipe: &TrainRecipe, precision: Precision) -> miette::Result<Measured> {
        match recipe.transfer.target {
            PoseTarget::Room => {
                let labelled = labelled_rows(recipe, self.dataset).into_diagnostic()?;
                let pictures = recipe.evaluation.last_pictures;
                let evaluator =
                    Evaluator::new(self.dataset, &labelled, recipe.crop_px, pictures, false).into_diagnostic()?;
                Measured::of(&evaluator.evaluate(model, precision).into_diagnostic()?, recipe)
            }
            PoseTarget::Picture => {
                let found = PlaneErrors::of(model, recipe, self.dataset, precision).into_diagnostic()?;
                Ok(Measured::of_plane(&found))
            }
        }
    }

    fn trainer<'t>(
        &self,
        recipe: &'t TrainRecipe,
        folder: &Path,
        encoder: Option<&Path>,
        name: &str,
    ) -> miette::Result<PoseTraining<'t>>
    where
        'a: 't,
    {
        let encoder = encoder.map(|path| EncoderFile { path: path.to_owned(), may_be_unfinished: false });
        let trainer = PoseTraining::new(recipe, self.dataset, folder, encoder.as_ref()).into_diagnostic()?;
        self.bar.set_prefix(name.to_owned());
        self.bar.inc(trainer.progress().0 * trainer.pictures_per_step());
        self.bar.reset_eta();
        Ok(trainer)
    }

    /// Trains while `goes_on`; whether it came to that end.
    fn train(
        &mut self,
        trainer: &mut PoseTraining,
        folder: &Path,
        goes_on: impl Fn(&PoseTraining) -> bool,
    ) -> miette::Result<bool> {
        let mut log = Log::new(folder, LOG_EVERY, Shown::Part(self.bar.clone()))?;
        loop {
            log.step(&trainer.step().into_diagnostic()?)?;
            if !goes_on(trainer) {
                if trainer.done() {
                    trainer.save().into_diagnostic()?;
                }
                return Ok(true);
            }
            if self.leg.after_step(trainer)? {
                return Ok(false);
            }
        }
    }

    fn say(&self, line: &str) {
        self.bar.suspend(|| println!("{line}"));
    }
}

fn made(folder: PathBuf) -> miette::Result<PathBuf> {
    std::fs::create_dir_all(&folder).into_diagnostic().wrap_err_with(|| format!("creating {}", folder.display()))?;
    Ok(folder)
}
