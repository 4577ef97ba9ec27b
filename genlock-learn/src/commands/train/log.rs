//! Progress of a training: a line every few seconds, a bar on terminals, and a file of JSON lines.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use learn::eval::RenderedEvaluation;
use learn::runs::{PoseTraining, StageLosses, StageStep};
use miette::{IntoDiagnostic, WrapErr};
use model::Processes;
use serde_json::json;

use super::super::progress::bar;

const FILE: &str = "log.jsonl";

pub struct Log {
    /// Of several processes the first one's alone.
    file: Option<File>,
    shown: Shown,
    every: Duration,
    /// Since the last line.
    since: Instant,
    pictures: usize,
    sums: [f64; 4],
    steps: usize,
}

/// What the user sees of a training.
pub enum Shown {
    /// Lines on stdout, and a bar of the present stage.
    Stage(ProgressBar),
    /// A bar of several trainings that counts their pictures.
    Part(ProgressBar),
}

impl Shown {
    /// Of a training by itself.
    pub fn stage(trainer: &PoseTraining) -> Self {
        let (step, steps) = trainer.progress();
        let bar = bar(trainer.stage(), steps);
        bar.set_position(step);
        Self::Stage(bar)
    }

    fn step(&self, report: &StageStep) {
        match self {
            Self::Stage(bar) => bar.set_position(report.step),
            Self::Part(bar) => bar.inc(report.pictures as u64),
        }
    }

    fn say(&self, line: &str) {
        match self {
            Self::Stage(bar) => bar.suspend(|| println!("{line}")),
            Self::Part(_) => {}
        }
    }
}

impl Log {
    pub fn new(folder: &Path, every: Duration, shown: Shown) -> miette::Result<Self> {
        let path = folder.join(FILE);
        let open = || OpenOptions::new().create(true).append(true).open(&path);
        let file = Processes::is_first().then(open).transpose();
        let file = file.into_diagnostic().wrap_err_with(|| format!("opening {}", path.display()))?;
        Ok(Self { file, shown, every, since: Instant::now(), pictures: 0, sums: [0.0; 4], steps: 0 })
    }

    pub fn step(&mut self, report: &StageStep) -> miette::Result<()> {
        self.shown.step(report);
        let losses = match report.losses {
            StageLosses::Sync(loss) => [loss, 0.0, 0.0, 0.0],
            StageLosses::Transfer(parts) => [parts.pose, parts.plane, parts.confidence, parts.mpjpe_mm],
        };
        self.sums.iter_mut().zip(losses).for_each(|(sum, loss)| *sum += loss);
        (self.pictures, self.steps) = (self.pictures + report.pictures, self.steps + 1);
        if self.since.elapsed() < self.every && report.step < report.steps {
            return Ok(());
        }
        let rate = self.pictures as f64 / self.since.elapsed().as_secs_f64().max(1e-9);
        let [first, plane, confidence, mpjpe_mm] = self.sums.map(|sum| sum / self.steps as f64);
        let StageStep { stage, step, steps, .. } = *report;
        let (words, mut line) = match report.losses {
            StageLosses::Sync(_) => (format!("loss {first:.3}"), json!({ "loss": first })),
            StageLosses::Transfer(_) => (
                format!("3D {first:.3} ({mpjpe_mm:.0} mm)  plane {plane:.4}  confidence {confidence:.3}"),
                json!({ "pose": first, "plane": plane, "confidence": confidence, "mpjpe-mm": mpjpe_mm }),
            ),
        };
        self.shown.say(&format!("{stage} {step}/{steps}  {rate:.0} pictures/s  {words}"));
        line["stage"] = json!(stage);
        line["step"] = json!(step);
        line["pictures-per-second"] = json!(rate);
        self.write(&line)?;
        (self.since, self.pictures, self.sums, self.steps) = (Instant::now(), 0, [0.0; 4], 0);
        Ok(())
    }

    /// Pretraining ended.
    pub fn pretrained(&mut self, trainer: &PoseTraining) -> miette::Result<()> {
        if let Shown::Stage(bar) = &self.shown {
            let (step, steps) = trainer.progress();
            bar.set_length(steps);
            bar.set_position(step);
            bar.set_message(trainer.stage());
        }
        if let Some(accuracy) = trainer.sync_accuracy() {
            let words = |pair: Option<[f64; 2]>| {
                pair.map_or("no pairs".to_owned(), |[sync, flip]| format!("sync {sync:.3} flip {flip:.3}"))
            };
            let (held_out, trained) = (words(accuracy.held_out), words(accuracy.trained));
            self.shown.say(&format!("pretrained: held out {held_out}, trained on {trained} (chance .5)"));
            self.write(&json!({ "sync-accuracy": accuracy }))?;
        }
        self.since = Instant::now();
        Ok(())
    }

    /// An evaluation on the held-out pictures; its time does not count as training.
    pub fn evaluated(&mut self, found: &RenderedEvaluation) -> miette::Result<()> {
        if let Some(all) = found.comparisons.first() {
            let words = |name: &str, metrics: pose::Metrics| {
                let pose::Metrics { mpjpe16, nmpjpe16, pmpjpe17, .. } = metrics;
                format!("{name} {mpjpe16:.0} / {nmpjpe16:.0} / {pmpjpe17:.0}")
            };
            let masked = words("masked", all.model.masked.metrics);
            let plain = words("plain", all.model.plain.metrics);
            self.shown.say(&format!("held out ({} pictures), MPJPE / N / P in mm: {masked}, {plain}", all.pictures));
        }
        self.write(&json!({ "evaluation": found }))?;
        (self.since, self.pictures, self.sums, self.steps) = (Instant::now(), 0, [0.0; 4], 0);
        Ok(())
    }

    fn write(&mut self, line: &serde_json::Value) -> miette::Result<()> {
        self.file.as_mut().map_or(Ok(()), |file| writeln!(file, "{line}")).into_diagnostic().wrap_err("writing the log")
    }
}
